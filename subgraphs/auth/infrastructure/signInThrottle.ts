import { createHmac } from 'node:crypto';
import { Refusal } from '@parley/kernel/refusal';
import { countFailure, forgottenBefore, pauseLeft } from '../domain/signInThrottle.ts';
import { type AuthDatabase, gate, transaction } from './database.ts';

/** One try under the throttle: count it when it was wrong, say so when it was right. */
export type Try = { wrong(weight?: 1 | 2): Promise<void>; right(): Promise<void> };

/** Counts wrong tries per e-mail, registered or not, so that being slowed down tells nobody who has an account. */
export type SignInThrottle = {
  /**
   * Tries for one e-mail are made one after the other, so that a hundred at once get no further than ten.
   * @throws Refusal RATE_LIMITED
   */
  inTurn<T>(email: string, work: (attempt: Try) => Promise<T>): Promise<T>;
};

const longestQueue = 100;
const cleanEveryMs = 60_000;

const tooMany = (retryAfterMs: number) =>
  new Refusal('RATE_LIMITED', 'There were too many tries for this e-mail. Wait before the next one.', { retryAfterMs });

/** `key` keeps the addresses of people who have no account out of the table. */
export const openSignInThrottle = (options: {
  database: AuthDatabase;
  key: Uint8Array;
  clock: () => Date;
}): SignInThrottle => {
  const client = gate(options.database);
  const queues = new Map<string, { last: Promise<unknown>; length: number }>();
  let cleanedAt = 0;

  const clean = async (now: Date) => {
    if (now.getTime() - cleanedAt < cleanEveryMs) return;
    cleanedAt = now.getTime();
    await client.signInThrottle.deleteMany({ where: { lastTryAt: { lt: forgottenBefore(now) } } });
  };
  const wrong = (emailDigest: Uint8Array<ArrayBuffer>, weight: 1 | 2 | undefined) =>
    transaction(client, async (tx) => {
      const lock = `identity:throttle:${Buffer.from(emailDigest).toString('hex')}`;
      await tx.$queryRaw`SELECT pg_advisory_xact_lock(hashtextextended(${lock}, 0))::text`;
      const known = await tx.signInThrottle.findUnique({ where: { emailDigest } });
      const next = countFailure(known, options.clock(), weight);
      await tx.signInThrottle.upsert({ where: { emailDigest }, create: { emailDigest, ...next }, update: next });
    });
  const attempt = async <T>(emailDigest: Uint8Array<ArrayBuffer>, work: (attempt: Try) => Promise<T>): Promise<T> => {
    const now = options.clock();
    await clean(now);
    const known = await client.signInThrottle.findUnique({ where: { emailDigest } });
    const pause = pauseLeft(known, now);
    if (pause > 0) throw tooMany(pause);
    return work({
      wrong: (weight) => wrong(emailDigest, weight),
      right: async () => {
        if (known !== null) await client.signInThrottle.deleteMany({ where: { emailDigest } });
      },
    });
  };

  return {
    inTurn: async (email, work) => {
      const emailDigest = Uint8Array.from(createHmac('sha256', options.key).update(email).digest());
      const name = Buffer.from(emailDigest).toString('base64');
      const queue = queues.get(name) ?? { last: Promise.resolve(), length: 0 };
      if (queue.length >= longestQueue) throw tooMany(2000);
      queues.set(name, queue);
      queue.length++;
      const mine = queue.last.then(() => attempt(emailDigest, work));
      queue.last = mine.catch(() => {});
      try {
        return await mine;
      } finally {
        if (--queue.length === 0) queues.delete(name);
      }
    },
  };
};
