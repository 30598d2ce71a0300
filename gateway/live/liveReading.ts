import type { AdmittedOperation } from '../admission/admit.ts';
import type { RateLimits } from '../admission/rateLimits.ts';
import type { Call } from '../calls/subgraphCall.ts';
import type { LiveStreams } from './liveStreams.ts';

/**
 * A subscription read to its end, for a transport that sends each answer itself. `over` resolves when it completed or
 * was left, and rejects when it failed; either way its observation ends with it. `send` gets the JSON of each answer.
 */
export type ReadLive = (
  admitted: AdmittedOperation,
  call: Call,
  send: (json: Buffer) => void,
) => { readonly over: Promise<void>; leave(): void };

/** An answer costs its reader a point, however many share the execution it came of; so many are counted at a time. */
const answersAtOnce = 50;

export const createReadLive =
  (streams: LiveStreams, rateLimits: Pick<RateLimits, 'charge'>): ReadLive =>
  (admitted, call, send) => {
    const { promise: over, resolve, reject } = Promise.withResolvers<void>();
    let answers = 0;
    let isOver = false;
    const finish = (error: unknown): void => {
      if (isOver) return;
      isOver = true;
      if (error !== null) call.observed?.failed('STREAM_FAILED');
      call.observed?.end();
      if (error === null) resolve();
      else reject(error);
    };
    const leave = streams.join(admitted, call, {
      next: ({ json }) => {
        if (isOver) return;
        send(json);
        answers += 1;
        if (answers % answersAtOnce > 0) return;
        rateLimits.charge(call, answersAtOnce).catch((error: unknown) => {
          leave();
          finish(error);
        });
      },
      end: finish,
    });
    return {
      over,
      leave: () => {
        leave();
        finish(null);
      },
    };
  };
