import { randomBytes } from 'node:crypto';
import { hash, parseOptions, verify } from '@node-rs/argon2';
import { Refusal } from '@parley/kernel/refusal';

/** argon2id's cost; OWASP's least is 19,456 KiB, 2 passes, 1 lane. */
export type PasswordCost = { readonly memoryKib: number; readonly passes: number };

/**
 * Hashes and compares passwords in libuv's threads, a few at a time: sign-ins wait for each other, nothing else waits
 * for them. `matches(null, …)` does the same work for a user who does not exist.
 */
export type Passwords = {
  hash(password: Uint8Array): Promise<string>;
  matches(hashed: string | null, password: Uint8Array): Promise<boolean>;
  /** Was it made at another cost than today's? */
  isOutdated(hashed: string): boolean;
};

const longestQueue = 200;

/** @returns a gate that lets `width` pieces of work run at once @throws Refusal RATE_LIMITED when the queue is full */
const narrow = (width: number) => {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async <T>(work: () => Promise<T>): Promise<T> => {
    if (running >= width) {
      if (waiting.length >= longestQueue) {
        throw new Refusal('RATE_LIMITED', 'Too many people are signing in. Try again shortly.', { retryAfterMs: 2000 });
      }
      // Whoever finishes hands over its place, so `running` stays as it is.
      await new Promise<void>((resolve) => waiting.push(resolve));
    } else running++;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) running--;
      else next();
    }
  };
};

export const openPasswords = async (cost: PasswordCost, concurrency: number): Promise<Passwords> => {
  const options = { memoryCost: cost.memoryKib, timeCost: cost.passes, parallelism: 1 };
  const oneOfFew = narrow(concurrency);
  const nobodys = await hash(randomBytes(32), options);
  return {
    hash: (password) => oneOfFew(() => hash(password, options)),
    matches: async (hashed, password) => {
      const matched = await oneOfFew(() => verify(hashed ?? nobodys, password));
      return matched && hashed !== null;
    },
    isOutdated: (hashed) => {
      const { memoryCost, timeCost, parallelism } = parseOptions(hashed);
      return memoryCost !== options.memoryCost || timeCost !== options.timeCost || parallelism !== options.parallelism;
    },
  };
};
