import { connected, openRedis } from '@parley/kernel/redis';
import { GraphQLError } from 'graphql';
import { refusal } from '../errors.ts';
import type { Log } from '../log.ts';
import { CounterAway, createPointCounter } from './pointCounter.ts';
import { accountOf, organizationOf, type Spender } from './spender.ts';

/** Points are those of static cost (operationCost.ts). */
export type RateLimitSettings = {
  /** One caller's, per window. 0 switches all of this off. */
  readonly points: number;
  /** Of all callers of one organization together, per window. */
  readonly organizationPoints: number;
  readonly windowSeconds: number;
  /** Uses of one sensitive field by one caller or from one address. */
  readonly sensitivePerMinute: number;
  /** null: each process counts for itself. */
  readonly redisUrl: string | null;
};

export type RateLimits = {
  /**
   * Takes points off the caller's account and its organization's: for an operation when it is admitted, for a live
   * stream also for each answer. Throws RATE_LIMITED (429, `retryAfterMs`, Retry-After) where there are not enough.
   * That Redis is away is no reason to refuse.
   */
  charge(spender: Spender, points: number): Promise<void>;
  /** The same without taking any, by what is known in this process: the cheapest way to turn away who has none left. */
  check(spender: Spender): void;
  /** Counts a use of `Type.field`, which guesses at a secret. Throws RATE_LIMITED, or 503 where it cannot be counted. */
  chargeSensitive(spender: Spender, field: string): Promise<void>;
  close(): void;
};

/** Redis answers within this or is taken for away: no request waits long for it. */
const redisTimeoutMs = 250;
/** So long the first request waits for a connection to it: what guards a secret would be refused without. */
const connectMs = 1000;

/** Resolves when they can be counted, or Redis has been waited for. */
export const createRateLimits = async (settings: RateLimitSettings, log: Log): Promise<RateLimits> => {
  const { points, organizationPoints, windowSeconds: seconds, sensitivePerMinute, redisUrl } = settings;
  if (points === 0) return unlimited;
  const redis =
    redisUrl === null ? null : openRedis(redisUrl, log, { enableOfflineQueue: false, commandTimeout: redisTimeoutMs });
  if (redis !== null) await connected(redis, connectMs);
  const callers = createPointCounter({ name: 'caller', points, seconds, redis, whenAway: 'alone', log });
  const organizations = createPointCounter({
    name: 'organization',
    points: organizationPoints,
    seconds,
    redis,
    whenAway: 'alone',
    log,
  });
  const secrets = createPointCounter({
    name: 'sensitive',
    points: sensitivePerMinute,
    seconds: 60,
    redis,
    whenAway: 'refuse',
    log,
  });

  return {
    charge: async (spender, given) => {
      const amount = Math.ceil(given);
      if (amount <= 0) return;
      const organization = organizationOf(spender);
      const wait = await callers.take(accountOf(spender), amount);
      if (wait > 0) throw limited(wait);
      const shared = organization === null ? 0 : await organizations.take(organization, amount);
      if (shared > 0) throw limited(shared);
    },
    check: (spender) => {
      const organization = organizationOf(spender);
      const wait = Math.max(
        callers.waitOf(accountOf(spender)),
        organization === null ? 0 : organizations.waitOf(organization),
      );
      if (wait > 0) throw limited(wait);
    },
    chargeSensitive: async (spender, field) => {
      const account = `${field} ${accountOf(spender)}`;
      const isNew = secrets.waitOf(account) === 0;
      const wait = await secrets.take(account, 1).catch((error: unknown) => {
        throw error instanceof CounterAway ? cannotCount() : error;
      });
      if (wait === 0) return;
      if (isNew && spender.actor === null)
        log.warn(
          { field },
          'an address tried too often; if that is a proxy of yours, name it in GATEWAY_TRUSTED_PROXIES',
        );
      throw limited(wait);
    },
    close: () => redis?.disconnect(),
  };
};

const unlimited: RateLimits = {
  charge: async () => {},
  check: () => {},
  chargeSensitive: async () => {},
  close: () => {},
};

const withRetryAfter = (error: GraphQLError, status: number, retryAfterMs: number): GraphQLError =>
  new GraphQLError(error.message, {
    extensions: {
      ...error.extensions,
      retryAfterMs,
      http: { status, headers: new Map([['retry-after', String(Math.ceil(retryAfterMs / 1000))]]) },
    },
  });

const limited = (waitMs: number): GraphQLError =>
  withRetryAfter(refusal('RATE_LIMITED', 'Too much was asked in a short time. Wait before the next try.'), 429, waitMs);

const cannotCount = (): GraphQLError =>
  withRetryAfter(
    refusal('RATE_LIMIT_UNAVAILABLE', 'Whether this may be tried now cannot be told. Try again in a moment.'),
    503,
    1000,
  );
