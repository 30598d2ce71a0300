import type { Backlog } from './backlog.ts';
import type { StoredEvent } from './event.ts';

/**
 * Takes events of one aggregate, in the order of their versions, each at least once. A rejection makes the bus deliver
 * the same ones again.
 */
export type EventHandler = (events: readonly StoredEvent[]) => Promise<void>;

/**
 * Carries events between contexts, at least once and in order per aggregate. Three implementations: in process and over
 * signed HTTP, both on the durable outbox, and Kafka. `group` names the consumer: each group sees every event of the
 * topics it follows.
 */
export type EventBus = {
  /** What waits to be sent, or to be taken. */
  readonly backlog: Backlog;
  /**
   * @returns the ids of what arrived: of every aggregate all events given, or none. The rest is to be published again.
   * @throws when nothing could be published
   */
  publish(topic: string, events: readonly StoredEvent[]): Promise<readonly string[]>;
  /** Resolves to what ends it; events under way are finished first. */
  consume(group: string, topics: readonly string[], handler: EventHandler): Promise<() => Promise<void>>;
  close(): Promise<void>;
};

/** Events by aggregate, each in the order they came in. */
export const byAggregate = (events: readonly StoredEvent[]): readonly (readonly StoredEvent[])[] => [
  ...Map.groupBy(events, ({ tenantId, aggregateId }) => `${tenantId} ${aggregateId}`).values(),
];

/** Works on several items at a time, and waits for all. @throws the first failure, once nothing is under way any more */
export const eachOf = async <T>(
  items: readonly T[],
  atOnce: number,
  work: (item: T) => Promise<unknown>,
): Promise<void> => {
  const left = items.values();
  const workOff = async () => {
    for (const item of left) await work(item);
  };
  const outcomes = await Promise.allSettled(Array.from({ length: Math.min(atOnce, items.length) }, workOff));
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failed) throw failed.reason;
};
