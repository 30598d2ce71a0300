import { setTimeout as delay } from 'node:timers/promises';
import { CallFailure } from '@parley/kernel/callFailure';
import type { SubgraphResult } from '@parley/kernel/subgraph';
import type { Log } from '../log.ts';

type Events = AsyncIterableIterator<SubgraphResult>;
export type OpenEvents = (after: unknown) => Promise<Events>;

/** How long a subgraph that is gone is waited for before its streams are given up. */
const patienceMs = 30_000;
const firstPauseMs = 100;
const longestPauseMs = 2000;

/**
 * A subscription's events, over as many connections to its subgraph as it takes: where one breaks off, the next begins
 * after the last cursor (F08). Where no cursor is known yet, what was missed could not be told: the stream breaks off.
 *
 * @param source.open begins the stream after a cursor, or from now on
 * @param source.after where the stream begins; undefined or null for now
 * @param source.lastCursor of what came so far; null where nothing came, or nothing with a cursor
 */
export const upstreamEvents = (source: {
  readonly open: OpenEvents;
  readonly after: unknown;
  readonly lastCursor: () => string | null;
  readonly signal: AbortSignal;
  readonly log: Log;
}): Events => {
  const { open, after, lastCursor, signal, log } = source;
  let current: Events | null = null;

  const reopened = async (failure: CallFailure): Promise<Events> => {
    const from = lastCursor() ?? after ?? null;
    if (from === null || hopeless.has(failure.kind)) throw failure;
    log.warn({ err: failure }, 'a subgraph broke off a live stream; going on after its last event');
    const until = Date.now() + patienceMs;
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(longestPauseMs, pauseMs * 2)) {
      // Streams that broke off together do not come back together.
      await delay(pauseMs * (0.5 + Math.random() / 2), undefined, { signal });
      try {
        return await open(from);
      } catch (error) {
        if (!(error instanceof CallFailure) || hopeless.has(error.kind) || Date.now() > until) throw error;
      }
    }
  };
  const opened = async (next: Promise<Events>): Promise<Events> => {
    const events = await next;
    // Whoever ended this meanwhile could not end what was not there.
    if (signal.aborted) events.return?.().catch(() => {});
    return events;
  };

  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    next: async () => {
      current ??= await opened(open(after));
      for (;;) {
        try {
          return await current.next();
        } catch (error) {
          if (!(error instanceof CallFailure) || signal.aborted) throw error;
          current = await opened(reopened(error));
        }
      }
    },
    return: async () => {
      // Not awaited: a stream that waits for its next event may only end with it.
      current?.return?.().catch(() => {});
      return { value: undefined, done: true };
    },
  };
};

/** Asking again would be answered the same way. */
const hopeless: ReadonlySet<CallFailure['kind']> = new Set(['REFUSED', 'TAMPERED', 'INVALID', 'TOO_LARGE', 'REDIRECT']);
