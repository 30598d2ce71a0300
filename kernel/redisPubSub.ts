import { RedisPubSub } from 'graphql-redis-subscriptions';
import type { Redis } from 'ioredis';
import type { Log } from './log.ts';
import type { PubSub } from './pubsub.ts';
import { openRedis } from './redis.ts';

/** Live delivery between processes. What Redis loses, a subscriber finds in the store by the gap in positions. */
export const redisPubSub = (url: string, log: Log): PubSub => {
  const publisher = openRedis(url, log);
  const subscriber = leavingQuietly(openRedis(url, log));
  const pubsub = new RedisPubSub({ publisher, subscriber });
  return {
    publish: async (channel, message) => {
      try {
        await pubsub.publish(channel, message);
      } catch (error) {
        log.warn(
          { err: (error as Error).message, channel },
          'live message not published; subscribers will read it from the store',
        );
      }
    },
    subscribe: async (channel, listener) => {
      const attached = pubsub.subscribe(channel, listener);
      // What it tells others who wait for the same channel: where nobody else does, nobody hears of its failure.
      pubsub['subsPendingRefsMap'].get(channel)?.pending.catch(() => {});
      const id = await attached;
      return async () => pubsub.unsubscribe(id);
    },
    close: async () => {
      publisher.disconnect();
      subscriber.disconnect();
    },
  };
};

/**
 * graphql-redis-subscriptions waits for no answer when it leaves a channel, and a rejection that nobody hears ends the
 * process. A connection that broke off has left its channels anyway.
 */
const leavingQuietly = (redis: Redis): Redis => {
  for (const name of ['unsubscribe', 'punsubscribe'] as const) {
    const leave = redis[name].bind(redis) as (...channels: string[]) => Promise<unknown>;
    redis[name] = async (...channels: unknown[]) => leave(...(channels as string[])).catch(() => 0);
  }
  return redis;
};
