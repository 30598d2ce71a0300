import type { StoredEvent } from './event.ts';

/** Called at least once per event, in order per aggregate; a rejection makes the bus deliver the event again. */
export type EventHandler = (event: StoredEvent) => Promise<void>;

/**
 * Carries events between contexts, at least once and in order per aggregate. Two implementations: in process over
 * the durable outbox, and Kafka. `group` names the consumer: each group sees every event of the topics it follows.
 */
export type EventBus = {
  publish(topic: string, events: readonly StoredEvent[]): Promise<void>;
  consume(group: string, topics: readonly string[], handler: EventHandler): Promise<() => Promise<void>>;
  close(): Promise<void>;
};
