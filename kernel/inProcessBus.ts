import type { EventBus, EventHandler } from './bus.ts';

/**
 * The bus of one process, over the durable outbox: `publish` resolves when every consumer group has handled the event,
 * so what is marked sent has been handled, and what was not is delivered again after a crash.
 */
export const inProcessBus = (): EventBus => {
  const consumers = new Map<string, { topics: ReadonlySet<string>; handler: EventHandler }>();
  return {
    publish: async (topic, events) => {
      for (const event of events) {
        const outcomes = await Promise.allSettled(
          [...consumers.values()].filter(({ topics }) => topics.has(topic)).map(({ handler }) => handler(event)),
        );
        const failed = outcomes.find((outcome) => outcome.status === 'rejected');
        if (failed) throw failed.reason;
      }
    },
    consume: async (group, topics, handler) => {
      if (consumers.has(group)) throw new Error(`Consumer group ${group} is taken`);
      consumers.set(group, { topics: new Set(topics), handler });
      return async () => {
        consumers.delete(group);
      };
    },
    close: async () => consumers.clear(),
  };
};
