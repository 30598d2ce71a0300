import { Redis, type RedisOptions } from 'ioredis';

/** What went wrong is told here. */
type Warn = { warn(details: object, message: string): void };

/** A connection that comes back by itself, however long Redis is away. */
export const openRedis = (url: string, log: Warn, options: RedisOptions = {}): Redis => {
  const redis = new Redis(url, {
    maxRetriesPerRequest: 1,
    enableOfflineQueue: true,
    retryStrategy: (attempt) => Math.min(attempt * 100, 2000),
    ...options,
  });
  // Without a listener ioredis prints and the process may end; with one it goes on reconnecting.
  redis.on('error', (error: Error) => log.warn({ err: error.message }, 'redis'));
  return redis;
};
