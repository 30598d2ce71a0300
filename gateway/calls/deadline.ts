import { type CallPolicy, ClientGone, DeadlinePassed } from './subgraphCall.ts';

/** Fires the call's signal after `ms`, or when the client is gone: one deadline for all that a call waits for (D01, D02). */
export const withDeadline =
  (ms: number): CallPolicy =>
  (next) =>
  async (name, operation, call) => {
    const { signal: client } = call;
    const controller = new AbortController();
    const onClientGone = (): void => controller.abort(new ClientGone('the client is gone'));
    const timer = setTimeout(() => controller.abort(new DeadlinePassed(`no answer within ${ms} ms`)), ms);
    if (client?.aborted) onClientGone();
    client?.addEventListener('abort', onClientGone, { once: true });
    try {
      return await next(name, operation, { ...call, signal: controller.signal });
    } finally {
      clearTimeout(timer);
      client?.removeEventListener('abort', onClientGone);
    }
  };

/** The promise, or the signal's reason once it fires: whoever is deaf to the signal holds nobody up. */
export const unlessAborted = <T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> => {
  if (signal === undefined) return promise;
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason);
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
    promise.then(
      (value) => {
        signal.removeEventListener('abort', onAbort);
        resolve(value);
      },
      (error: unknown) => {
        signal.removeEventListener('abort', onAbort);
        reject(error);
      },
    );
  });
};
