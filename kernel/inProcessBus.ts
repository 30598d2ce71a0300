import { type Backlog, createBacklog } from './backlog.ts';
import { byAggregate, type EventBus, type EventHandler, eachOf } from './bus.ts';
import type { Log } from './log.ts';

/** So many aggregates are delivered at a time: each takes a connection of the database. */
const atOnce = 3;

/**
 * The bus of one process, over the durable outbox: `publish` resolves when every consumer group has handled the events,
 * so what is marked sent has been handled, and what was not is delivered again after a crash.
 */
export const inProcessBus = (log?: Log, backlog: Backlog = createBacklog(log)): EventBus => {
  const consumers = new Map<string, { topics: ReadonlySet<string>; handler: EventHandler }>();
  return {
    backlog,
    publish: async (topic, events) => {
      const following = [...consumers.values()].filter(({ topics }) => topics.has(topic));
      if (following.length === 0) return events.map(({ id }) => id);
      const arrived: string[] = [];
      await eachOf(byAggregate(events), atOnce, async (list) => {
        const outcomes = await Promise.allSettled(following.map(({ handler }) => handler(list)));
        const failed = outcomes.find((outcome) => outcome.status === 'rejected');
        if (failed === undefined) arrived.push(...list.map(({ id }) => id));
        else
          log?.error(
            { err: failed.reason, topic, aggregateId: list[0]?.aggregateId },
            'events could not be delivered; they will be tried again',
          );
      });
      return arrived;
    },
    consume: async (group, topics, handler) => {
      if (consumers.has(group)) throw new Error(`Consumer group ${group} is taken`);
      consumers.set(group, { topics: new Set(topics), handler });
      return async () => {
        consumers.delete(group);
      };
    },
    close: async () => {
      consumers.clear();
      backlog.close();
    },
  };
};
