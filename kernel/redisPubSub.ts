import { setTimeout as delay } from 'node:timers/promises';
import { RedisPubSub } from 'graphql-redis-subscriptions';
import type { Redis } from 'ioredis';
import type { Log } from './log.ts';
import type { PubSub } from './pubsub.ts';
import { openRedis } from './redis.ts';

/** Nobody waits longer for a message to be published: whoever is to get it finds it in the store. */
const publishMs = 250;
/** How long a Redis that failed is left alone, and how long after a failure a channel is joined again. */
const restMs = 1000;
/** How long a listener waits until it is attached; after that it is attached as soon as may be. */
const attachMs = 1000;
/** Those who listen do not all look at the store in the same moment. */
const spreadMs = 500;

type Listener = (message: unknown) => void;

/**
 * Live delivery between processes. What Redis loses, a subscriber finds in the store by the gap in positions, and by the
 * `null` that it is told when the connection is back. Nobody waits for a Redis that is away, and nobody is refused.
 */
export const redisPubSub = (url: string, log: Log): PubSub => {
  const publisher = openRedis(url, log, { commandTimeout: publishMs });
  const subscriber = persistent(openRedis(url, log));
  const pubsub = new RedisPubSub({ publisher, subscriber });
  const listeners = new Set<Listener>();
  let restsUntil = 0;

  const tellOfLoss = async (): Promise<void> => {
    // Answered behind the channels that are joined again: nothing published from now on is missed.
    await subscriber.ping();
    for (const listener of listeners)
      setTimeout(() => listeners.has(listener) && listener(null), Math.random() * spreadMs).unref();
  };
  subscriber.on('ready', () => void tellOfLoss().catch(() => {}));

  return {
    publish: async (channel, message) => {
      if (Date.now() < restsUntil) return;
      try {
        await pubsub.publish(channel, message);
      } catch (error) {
        restsUntil = Date.now() + restMs;
        log.warn(
          { err: (error as Error).message, channel },
          'live messages cannot be published; subscribers read them from the store',
        );
      }
    },
    subscribe: async (channel, onMessage) => {
      const listener: Listener = (message) => onMessage(message);
      listeners.add(listener);
      let isLate = false;
      const attached = pubsub.subscribe(channel, listener).then((id) => {
        if (isLate && listeners.has(listener)) listener(null);
        return id;
      });
      const timer = new AbortController();
      await Promise.race([attached, delay(attachMs, undefined, { signal: timer.signal }).catch(() => {})]);
      timer.abort();
      isLate = true;
      return async () => {
        listeners.delete(listener);
        void attached.then((id) => pubsub.unsubscribe(id));
      };
    },
    close: async () => {
      listeners.clear();
      publisher.disconnect();
      subscriber.disconnect();
    },
  };
};

/**
 * graphql-redis-subscriptions takes a channel that could not be joined for good, and a rejection that nobody hears when it
 * leaves one would end the process. So joining succeeds, however late, and leaving does not fail: a connection that broke
 * off has left its channels anyway.
 */
const persistent = (redis: Redis): Redis => {
  const join = redis.subscribe.bind(redis) as (...channels: unknown[]) => Promise<unknown>;
  const joinAtLast = async (channel: string, told: (error: null) => void): Promise<void> => {
    for (let joined = false; !joined; ) {
      joined = await join(channel).then(
        () => true,
        () => false,
      );
      // Closed: nobody waits for it any more.
      if (redis.status === 'end') return;
      if (!joined) await delay(restMs, undefined, { ref: false });
    }
    told(null);
  };
  // ioredis calls it too, without asking to be told, for what it joins again.
  const subscribe = (...given: unknown[]): Promise<unknown> => {
    const [channel, told] = given;
    return typeof told === 'function' ? joinAtLast(channel as string, told as () => void) : join(...given);
  };
  redis.subscribe = subscribe as unknown as Redis['subscribe'];
  for (const name of ['unsubscribe', 'punsubscribe'] as const) {
    const leave = redis[name].bind(redis) as (...channels: string[]) => Promise<unknown>;
    redis[name] = async (...channels: unknown[]) => leave(...(channels as string[])).catch(() => 0);
  }
  return redis;
};
