import type { Redis } from 'ioredis';
import { LRUCache } from 'lru-cache';
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import type { Log } from '../log.ts';

/** Points of many accounts, each with so many in so many seconds. */
export type PointCounter = {
  /** Milliseconds until the account may be asked again; 0 as far as is known here. */
  waitOf(account: string): number;
  /** Takes whole points; how long to wait where there are not enough, 0 where they are taken. @throws CounterAway */
  take(account: string, points: number): Promise<number>;
};
/** The store does not answer, and this counter may not count by itself. */
export class CounterAway extends Error {}

/** How long a Redis that failed or was too slow is left alone. */
const leftAloneMs = 1000;
/** Accounts known to have nothing left. */
const mostBlocked = 10_000;

/**
 * In Redis, where there is one, all processes count together. While it is away each counts by itself (`alone`), or none
 * does and all are refused: what guards a secret is not open because a cache is down (L11).
 */
export const createPointCounter = (options: {
  readonly name: string;
  readonly points: number;
  readonly seconds: number;
  readonly redis: Redis | null;
  readonly whenAway: 'alone' | 'refuse';
  readonly log: Log;
}): PointCounter => {
  const { name, points, seconds: duration, redis, whenAway, log } = options;
  const keyPrefix = `parley:limit:${name}`;
  const alone = new RateLimiterMemory({ keyPrefix, points, duration });
  const shared =
    redis && new RateLimiterRedis({ storeClient: redis, keyPrefix, points, duration, rejectIfRedisNotReady: true });
  const blocked = new LRUCache<string, number>({ max: mostBlocked });
  let leftAloneUntil = 0;

  const consume = async (account: string, amount: number): Promise<void> => {
    if (shared !== null && Date.now() >= leftAloneUntil) {
      try {
        await shared.consume(account, amount);
        return;
      } catch (error) {
        if (error instanceof RateLimiterRes) throw error;
        leftAloneUntil = Date.now() + leftAloneMs;
        log.warn({ err: error, counter: name, whenAway }, 'rate limits cannot be counted in redis');
      }
    }
    if (shared !== null && whenAway === 'refuse') throw new CounterAway(name);
    await alone.consume(account, amount);
  };

  const waitOf = (account: string): number => Math.max(0, (blocked.get(account) ?? 0) - Date.now());
  return {
    waitOf,
    take: async (account, amount) => {
      const wait = waitOf(account);
      if (wait > 0) return wait;
      try {
        await consume(account, amount);
        return 0;
      } catch (error) {
        if (!(error instanceof RateLimiterRes)) throw error;
        const ms = Math.max(1, error.msBeforeNext);
        blocked.set(account, Date.now() + ms);
        return ms;
      }
    },
  };
};
