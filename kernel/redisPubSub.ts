import { RedisPubSub } from 'graphql-redis-subscriptions';
import type { Log } from './log.ts';
import type { PubSub } from './pubsub.ts';
import { openRedis } from './redis.ts';

/** Live delivery between processes. What Redis loses, a subscriber finds in the store by the gap in positions. */
export const redisPubSub = (url: string, log: Log): PubSub => {
  const publisher = openRedis(url, log);
  const subscriber = openRedis(url, log);
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
