import { randomUUID } from 'node:crypto';
import { openRedis } from '@parley/kernel/redis';
import type { Log } from '../log.ts';
import type { AnswerStore, Found } from './answerStore.ts';

/** Redis answers within this, or the subgraphs are asked. */
const answerMs = 100;
/** How long it is not asked after it has failed. */
const restMs = 1000;
const prefix = 'parley:cache:';
const nothing: Found = { stored: null, wroteAt: 0 };
/** Only whoever holds it: its time may have run out, and somebody else leads. */
const release = `if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) else return 0 end`;

/** The memory all gateways share. @param onFailure it was away, or slow */
export const redisAnswerStore = (url: string, log: Log, onFailure: () => void): AnswerStore => {
  const redis = openRedis(url, log, { enableOfflineQueue: false, commandTimeout: answerMs });
  let restsUntil = 0;
  const attempt = async <T>(otherwise: T, ask: () => Promise<T>): Promise<T> => {
    if (Date.now() < restsUntil) return otherwise;
    if (redis.status !== 'ready') {
      onFailure();
      return otherwise;
    }
    try {
      return await ask();
    } catch {
      restsUntil = Date.now() + restMs;
      onFailure();
      return otherwise;
    }
  };
  return {
    find: (key, writer) =>
      attempt(nothing, async () => {
        const [value, wrote] = await redis.mgetBuffer(`${prefix}${key}`, `${prefix}wrote:${writer}`);
        const wroteAt = wrote ? Number(wrote) : 0;
        if (!value || value.length < 8) return { stored: null, wroteAt };
        return { stored: { begunAt: value.readDoubleBE(0), json: value.subarray(8) }, wroteAt };
      }),
    keep: (key, { json, begunAt }, forMs) =>
      attempt(undefined, async () => {
        const head = Buffer.alloc(8);
        head.writeDoubleBE(begunAt);
        await redis.set(`${prefix}${key}`, Buffer.concat([head, json]), 'PX', Math.max(1, Math.round(forMs)));
      }),
    wrote: (writer, at, forMs) =>
      attempt(undefined, async () => {
        await redis.set(`${prefix}wrote:${writer}`, String(at), 'PX', forMs);
      }),
    lead: (key, forMs) =>
      attempt<(() => Promise<void>) | null>(alone, async () => {
        const name = `${prefix}lead:${key}`;
        const token = randomUUID();
        if ((await redis.set(name, token, 'PX', forMs, 'NX')) === null) return null;
        return () => attempt(undefined, async () => void (await redis.eval(release, 1, name, token)));
      }),
    close: () => redis.disconnect(),
  };
};

/** Without Redis everybody makes their own. */
const alone = async (): Promise<void> => {};
