import { once } from 'node:events';
import { Redis, type RedisOptions } from 'ioredis';

/** What went wrong is told here. */
type Warn = { warn(details: object, message: string): void };

/** Resolves when it can be used, or after `patienceMs`: it may be away, and is no reason to wait longer. */
export const connected = async (redis: Redis, patienceMs: number): Promise<void> => {
  if (redis.status === 'ready') return;
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(), patienceMs);
  await once(redis, 'ready', { signal: patience.signal }).catch(() => {});
  clearTimeout(timer);
};

/** Whoever asks does not wait longer for an answer; one that was on its way when the connection broke may never come. */
const answerMs = 1000;

/** A connection that comes back by itself, however long Redis is away. A command fails after a second without an answer. */
export const openRedis = (url: string, log: Warn, options: RedisOptions = {}): Redis => {
  const redis = new Redis(url, {
    maxRetriesPerRequest: 1,
    commandTimeout: answerMs,
    enableOfflineQueue: true,
    retryStrategy: (attempt) => Math.min(attempt * 100, 2000),
    ...options,
  });
  // Without a listener ioredis prints and the process may end; with one it goes on reconnecting.
  redis.on('error', (error: Error) => log.warn({ err: error.message }, 'redis'));
  return redis;
};
