import { RedisPubSub } from 'graphql-redis-subscriptions';
import { Redis } from 'ioredis';
import type { Log } from './log.ts';
import type { PubSub } from './pubsub.ts';

const connection = (url: string, log: Log): Redis => {
  const redis = new Redis(url, {
    maxRetriesPerRequest: 1,
    enableOfflineQueue: true,
    retryStrategy: (attempt) => Math.min(attempt * 100, 2000),
  });
  // Without a listener ioredis prints and the process may end; with one it goes on reconnecting.
  redis.on('error', (error: Error) => log.warn({ err: error.message }, 'redis'));
  return redis;
};

/** Live delivery between processes. What Redis loses, a subscriber finds in the store by the gap in positions. */
export const redisPubSub = (url: string, log: Log): PubSub => {
  const publisher = connection(url, log);
  const subscriber = connection(url, log);
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
      const id = await pubsub.subscribe(channel, listener);
      return async () => pubsub.unsubscribe(id);
    },
    close: async () => {
      publisher.disconnect();
      subscriber.disconnect();
    },
  };
};
