import type { ServerResponse } from 'node:http';
import type { Admission } from '../admission/admit.ts';
import { refusal } from '../errors.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { sendJson } from './responses.ts';

export type LoadShedding = {
  /** Should this one be turned away? Asked once per new operation. */
  sheds(): boolean;
  close(): void;
};
/** How late the event loop was since the last look, in milliseconds. */
export type Lateness = () => number;

const everyMs = 100;
/** One long stall (a collection, a new supergraph) is no overload. */
const lateLooks = 3;

/**
 * The share of new work to turn away, from how late the loop is: grows while it stays late, shrinks when it is not. A
 * share, not all or nothing, so that what can be served is served (M09); `random` decides who.
 */
export const createShare = (limitMs: number, random: () => number = Math.random) => {
  let share = 0;
  let late = 0;
  return {
    look: (latenessMs: number): void => {
      late = latenessMs > limitMs ? late + 1 : 0;
      if (late >= lateLooks) share += (1 - share) * 0.3;
      else if (late === 0) share = share < 0.01 ? 0 : share * 0.9;
    },
    sheds: (): boolean => share > 0 && random() < share,
    share: (): number => share,
  };
};

/** Turns new work away while the event loop is more than `limitMs` late (M08). Work under way, health and metrics go on. */
export const createLoadShedding = (limitMs: number, metrics: Metrics | null): LoadShedding => {
  const share = createShare(limitMs);
  let last = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    const lateness = Math.max(0, now - last - everyMs);
    last = now;
    share.look(lateness);
    metrics?.lateness.set(lateness / 1000);
  }, everyMs).unref();
  return {
    sheds: () => {
      const sheds = share.sheds();
      if (sheds) metrics?.shed.inc();
      return sheds;
    },
    close: () => clearInterval(timer),
  };
};

const overloaded = () => refusal('OVERLOADED', 'Too much is going on here right now. Try again in a moment.', 503);

/** An admission that turns operations away while there is too much: for transports that bring many on one connection. */
export const withShedding = (admission: Admission, shedding: LoadShedding): Admission => ({
  ...admission,
  find: async (...request) => {
    if (shedding.sheds()) throw overloaded();
    return admission.find(...request);
  },
});

/** As cheap as an answer can be: nothing of the request is looked at. */
export const sendOverloaded = (response: ServerResponse): void =>
  sendJson(response, 503, overloadedBody, { 'cache-control': 'no-store', 'retry-after': '1' });

const { message, extensions } = overloaded();
const overloadedBody = { errors: [{ message, extensions: { code: extensions['code'] } }] };
