export type Backoff = { readonly firstMs: number; readonly mostMs: number };

export const defaultBackoff: Backoff = { firstMs: 500, mostMs: 15_000 };

/** How long to wait before attempt 1, 2, 3 …: anywhere between nothing and the doubled limit, so that many clients spread out. */
export const waitBefore = (attempt: number, { firstMs, mostMs }: Backoff, random: () => number = Math.random): number =>
  random() * Math.min(mostMs, firstMs * 2 ** (attempt - 1));

/** Resolves after `ms`, on abort, or when the machine says that it is online again: then waiting makes no more sense. */
export const pause = (ms: number, signal?: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      if (hasEvents) removeEventListener('online', done);
      resolve();
    };
    const hasEvents = typeof addEventListener === 'function';
    const timer = setTimeout(done, ms);
    signal?.addEventListener('abort', done, { once: true });
    if (hasEvents) addEventListener('online', done, { once: true });
    if (signal?.aborted) done();
  });
