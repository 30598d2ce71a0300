/** Told after each change of a conversation's metrics, with the version it brought them to. */
export const metricsChannel = (tenantId: string, conversationId: string) =>
  `analytics:${tenantId}:metrics:${conversationId}`;
/** Told after each change of any metric of an organization. */
export const organizationChannel = (tenantId: string) => `analytics:${tenantId}:organization`;

/**
 * The present value at once, then again each time it has changed, at most every `everyMs`. What lies between two looks
 * is skipped: a snapshot needs no history. A change whose message was lost is found within `checkMs`.
 *
 * @param options.version tells whether a value differs from the one shown before
 * @returns an iterator whose `return` frees the listener at once, also while a `next` is waiting
 */
export const liveSnapshots = async <T>(options: {
  read: () => Promise<T>;
  version: (value: T) => string;
  listen: (onChange: () => void) => Promise<() => Promise<void>>;
  everyMs: number;
  checkMs?: number;
  signal?: AbortSignal | undefined;
}): Promise<AsyncIterableIterator<T>> => {
  let changed = true;
  let closed = false;
  let shown: string | undefined;
  let nextLook = 0;
  let wake = () => {};
  const onChange = () => {
    changed = true;
    if (Date.now() >= nextLook) wake();
  };
  const detach = await options.listen(onChange);
  const timer = setInterval(onChange, options.checkMs ?? 5000);
  const close = async () => {
    if (closed) return;
    closed = true;
    clearInterval(timer);
    wake();
    await detach();
  };
  options.signal?.addEventListener('abort', () => void close(), { once: true });
  if (options.signal?.aborted) await close();

  /** Until something has changed and it is time to look again, or all is over. */
  const worthALook = () =>
    new Promise<void>((resolve) => {
      const early = setTimeout(() => changed && resolve(), Math.max(0, nextLook - Date.now()));
      wake = () => {
        clearTimeout(early);
        resolve();
      };
      if (closed) wake();
    });
  const next = async (): Promise<IteratorResult<T>> => {
    while (!closed) {
      if (shown !== undefined) await worthALook();
      if (closed) break;
      changed = false;
      nextLook = Date.now() + options.everyMs;
      const value = await options.read().catch(async (error: unknown) => {
        await close();
        throw error;
      });
      const version = options.version(value);
      if (closed || version === shown) continue;
      shown = version;
      return { value, done: false };
    }
    return { value: undefined, done: true };
  };
  const stream: AsyncIterableIterator<T> = {
    [Symbol.asyncIterator]: () => stream,
    next,
    return: async () => {
      await close();
      return { value: undefined, done: true };
    },
  };
  return stream;
};
