import { setTimeout as delay } from 'node:timers/promises';
import type { Log } from '@parley/kernel/log';

/** Ends one part; `mostMs` is how long it may take where that is not the usual. */
export type Stop = { (): Promise<unknown>; mostMs?: number };

const usuallyMs = 5000;
/** All together; whoever supervises us waits 30 s. */
const allMs = 20_000;
const leastMs = 200;

/**
 * Stops what was started, the last first, each once the one before is stopped. One that takes too long, such as one that
 * waits for a broker that is away, is not waited for: what it holds is taken up by whoever comes next, as after a crash.
 */
export const stopInOrder = async (stops: Stop[], log: Log): Promise<void> => {
  const deadline = Date.now() + allMs;
  for (let next = stops.pop(); next !== undefined; next = stops.pop()) {
    const patience = new AbortController();
    const stopped = next().then(
      () => 'stopped',
      (error: unknown) => log.error({ err: error }, 'stopping'),
    );
    const left = Math.max(leastMs, Math.min(next.mostMs ?? usuallyMs, deadline - Date.now()));
    const late = delay(left, 'late', { signal: patience.signal }).catch(() => {});
    if ((await Promise.race([stopped, late])) === 'late') log.warn({ waitedMs: left }, 'a part did not stop in time');
    patience.abort();
  }
};

/** What callers are under way in: it has all the time there is. */
export const unhurried = (stop: () => Promise<unknown>): Stop => Object.assign(() => stop(), { mostMs: allMs });
