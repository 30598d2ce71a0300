import { type CallPolicy, ClientGone, DeadlinePassed } from './subgraphCall.ts';

/** Fires the call's signal after `ms`, or when the client is gone: one deadline for all that a call waits for (D01, D02). */
export const withDeadline =
  (ms: number): CallPolicy =>
  (next) => {
    const deadlines = createDeadlines(ms);
    return async (name, operation, call) => {
      const { signal: client } = call;
      const controller = new AbortController();
      const onClientGone = (): void => controller.abort(new ClientGone('the client is gone'));
      const deadline = deadlines.add(() => controller.abort(new DeadlinePassed(`no answer within ${ms} ms`)));
      if (client?.aborted) onClientGone();
      client?.addEventListener('abort', onClientGone, { once: true });
      try {
        return await next(name, operation, { ...call, signal: controller.signal });
      } finally {
        deadlines.remove(deadline);
        client?.removeEventListener('abort', onClientGone);
      }
    };
  };

type Deadline = { readonly at: number; readonly pass: () => void };

/** One timer for all that wait equally long: to set one and clear it again for each call costs more than to wait. */
const createDeadlines = (ms: number) => {
  /** In the order in which they pass. */
  const waiting = new Set<Deadline>();
  let timer: NodeJS.Timeout | null = null;
  const look = (): void => {
    timer = null;
    for (const deadline of waiting) {
      const left = deadline.at - performance.now();
      if (left > 0) {
        timer ??= setTimeout(look, left);
        return;
      }
      waiting.delete(deadline);
      deadline.pass();
    }
  };
  return {
    add: (pass: () => void): Deadline => {
      const deadline = { at: performance.now() + ms, pass };
      waiting.add(deadline);
      if (timer === null) timer = setTimeout(look, ms);
      else if (waiting.size === 1) timer.ref();
      return deadline;
    },
    remove: (deadline: Deadline): void => {
      waiting.delete(deadline);
      // Nobody waits: it must not keep the process from ending.
      if (waiting.size === 0) timer?.unref();
    },
  };
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
