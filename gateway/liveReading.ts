import type { AdmittedOperation } from './admit.ts';
import type { LiveStreams } from './liveStreams.ts';
import type { Call } from './subgraphCall.ts';

/**
 * A subscription read to its end, for a transport that sends each answer itself. `over` resolves when it completed or
 * was left, and rejects when it failed; either way its observation ends with it.
 *
 * @param send gets the JSON of each answer
 */
export const readLive = (
  streams: LiveStreams,
  admitted: AdmittedOperation,
  call: Call,
  send: (json: Buffer) => void,
): { readonly over: Promise<void>; leave(): void } => {
  const { promise: over, resolve, reject } = Promise.withResolvers<void>();
  const leaveStream = streams.join(admitted, call, {
    next: ({ json }) => send(json),
    end: (error) => {
      if (error === null) return finish();
      call.observed?.failed('STREAM_FAILED');
      call.observed?.end();
      reject(error);
    },
  });
  const finish = (): void => {
    call.observed?.end();
    resolve();
  };
  return {
    over,
    leave: () => {
      leaveStream();
      finish();
    },
  };
};
