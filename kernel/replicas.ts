import { setTimeout as delay } from 'node:timers/promises';
import { CallFailure, isSilence } from './callFailure.ts';

export type AskOptions = {
  /** It may be done twice, so it may be asked of another replica once it has been sent. */
  readonly isRepeatable: boolean;
  /** Where the first replica takes long, another is asked as well, and the first answer counts. */
  readonly hedge?: boolean;
  readonly signal?: AbortSignal | undefined;
};
/** Equal services at several addresses. */
export type Replicas<T> = {
  readonly all: readonly T[];
  /** @throws what the last replica that was asked threw */
  ask<R>(call: (replica: T, signal: AbortSignal | undefined) => Promise<R>, options: AskOptions): Promise<R>;
};
export type ReplicaOptions = {
  /** How long a replica that gave no answer is left alone at first; twice as long after each more, up to `longestRestMs`. */
  readonly restMs?: number;
  readonly longestRestMs?: number;
  readonly hedgeMs?: number;
  readonly now?: () => number;
};

type Place<T> = { readonly replica: T; underWay: number; failures: number; restsUntil: number };

/** Hedges stored up while answers are quick; each call adds a share, so that hedges stay that share of the calls. */
const hedgesStored = 10;
const hedgeShare = 0.05;

/**
 * Asks the replica with the fewest calls under way. One that cannot be reached, breaks off or is silent rests for a
 * while, and then has to answer one call before it gets more. What was never begun is asked of the next replica at once;
 * what may have been begun, where it may be done twice. A repeatable call that takes long is hedged (Dean and Barroso,
 * "The Tail at Scale", 2013), within a budget.
 */
export const createReplicas = <T>(all: readonly T[], options: ReplicaOptions = {}): Replicas<T> => {
  const { restMs = 500, longestRestMs = 8000, hedgeMs = 300, now = Date.now } = options;
  const places = all.map((replica): Place<T> => ({ replica, underWay: 0, failures: 0, restsUntil: 0 }));
  let turn = 0;
  let hedges = hedgesStored;

  const isHealthy = ({ failures, restsUntil, underWay }: Place<T>): boolean =>
    failures === 0 || (restsUntil <= now() && underWay === 0);
  const choose = (tried: ReadonlySet<Place<T>>, onlyHealthy: boolean): Place<T> | undefined => {
    turn += 1;
    const left = places
      .map((_, index) => places[(turn + index) % places.length] as Place<T>)
      .filter((place) => !tried.has(place));
    const healthy = left.filter(isHealthy);
    const best = (of: readonly Place<T>[], worth: (place: Place<T>) => number) =>
      of.reduce<Place<T> | undefined>((a, b) => (a === undefined || worth(b) < worth(a) ? b : a), undefined);
    const fewest = best(healthy, ({ underWay }) => underWay);
    // Where all rest, the one whose rest is over first may be back.
    return fewest ?? (onlyHealthy ? undefined : best(left, ({ restsUntil }) => restsUntil));
  };
  const attempt = async <R>(
    place: Place<T>,
    call: (replica: T, signal: AbortSignal | undefined) => Promise<R>,
    signal: AbortSignal | undefined,
  ): Promise<R> => {
    place.underWay += 1;
    try {
      const answer = await call(place.replica, signal);
      place.failures = 0;
      return answer;
    } catch (error) {
      if (isAway(error) || isAway(signal?.reason)) {
        place.failures += 1;
        place.restsUntil = now() + Math.min(restMs * 2 ** (place.failures - 1), longestRestMs);
      } else if (!signal?.aborted) place.failures = 0;
      throw error;
    } finally {
      place.underWay -= 1;
    }
  };

  const hedged = async <R>(
    first: Place<T>,
    tried: Set<Place<T>>,
    call: (replica: T, signal: AbortSignal | undefined) => Promise<R>,
    signal: AbortSignal | undefined,
  ): Promise<R> => {
    const begin = (place: Place<T>) => {
      const stop = new AbortController();
      const both = signal === undefined ? stop.signal : AbortSignal.any([stop.signal, signal]);
      const answer = attempt(place, call, both);
      answer.catch(() => {});
      return { answer, stop };
    };
    hedges = Math.min(hedges + hedgeShare, hedgesStored);
    const slow = begin(first);
    const waited = new AbortController();
    const late = delay(hedgeMs, 'late' as const, { signal: waited.signal, ref: false }).catch(() => 'late' as const);
    const early = await Promise.race([slow.answer.then((answer) => ({ answer })), late]).finally(() => waited.abort());
    if (early !== 'late') return early.answer;
    const second = hedges >= 1 ? choose(tried, true) : undefined;
    if (second === undefined || signal?.aborted) return slow.answer;
    hedges -= 1;
    tried.add(second);
    const other = begin(second);
    try {
      return await Promise.any([slow.answer, other.answer]);
    } catch (error) {
      throw (error as AggregateError).errors[0];
    } finally {
      // Whoever has answered does not hear it.
      slow.stop.abort(new Outrun('another replica was quicker'));
      other.stop.abort(new Error('another replica was quicker'));
    }
  };

  return {
    all,
    ask: async (call, { isRepeatable, hedge = false, signal }) => {
      const tried = new Set<Place<T>>();
      for (;;) {
        const place = choose(tried, false) as Place<T>;
        tried.add(place);
        try {
          return hedge && isRepeatable ? await hedged(place, tried, call, signal) : await attempt(place, call, signal);
        } catch (error) {
          if (tried.size === places.length || signal?.aborted || !mayAskAnother(error, isRepeatable)) throw error;
        }
      }
    },
  };
};

/** The reason of a call that is broken off because a replica that was asked later has answered. */
class Outrun extends Error {}

const away: ReadonlySet<CallFailure['kind']> = new Set(['UNREACHABLE', 'RESET', 'TIMEOUT']);
const isAway = (error: unknown): boolean =>
  error instanceof Outrun || isSilence(error) || (error instanceof CallFailure && away.has(error.kind));
const mayAskAnother = (error: unknown, isRepeatable: boolean): boolean =>
  error instanceof CallFailure && (error.kind === 'UNREACHABLE' || (isRepeatable && away.has(error.kind)));
