/** One step of a stream that is kept in a store: positions are gapless from 1. */
export type Positioned = { readonly position: number };

/** A page of what the store has after a position. `more`: there is another page. `complete`: nothing will ever follow. */
export type StoredPart<T> = { readonly items: readonly T[]; readonly more: boolean; readonly complete: boolean };

/** How many items may wait for a slow reader; the rest stays in the store until it has caught up. */
const readyLimit = 1000;

/**
 * Joins a stored log and its live tail without gap or double, in order. The live channel is attached first and may
 * lose, repeat or reorder messages: a position that was seen is dropped, a gap is read from the store, and the store is
 * looked at every `checkMs` in case the last message was the lost one. A live `null` only says "look at the store".
 *
 * @param options.after position after which to begin; what lies between it and now is replayed
 * @returns an iterator whose `return` frees the listener at once, also while a `next` is waiting
 */
export const resumableStream = async <T extends Positioned>(options: {
  after: number;
  read: (after: number) => Promise<StoredPart<T>>;
  listen: (onMessage: (item: T | null) => void) => Promise<() => Promise<void>>;
  checkMs?: number;
  signal?: AbortSignal | undefined;
}): Promise<AsyncIterableIterator<T>> => {
  const ready: T[] = [];
  let early: T[] = [];
  let last = options.after;
  let reading = false;
  let readAgain = false;
  let complete = false;
  let failure: unknown;
  let waiting: { resolve: (result: IteratorResult<T>) => void; reject: (error: unknown) => void } | null = null;
  let closed = false;
  /** Something was left in the store because the reader is behind. */
  let behind = false;

  const settle = () => {
    if (waiting === null) return;
    const { resolve, reject } = waiting;
    const item = ready.shift();
    if (item !== undefined) {
      waiting = null;
      resolve({ value: item, done: false });
    } else if (behind && !closed && failure === undefined) {
      behind = false;
      void catchUp();
    } else if (failure !== undefined && !closed) {
      waiting = null;
      void close();
      reject(failure);
    } else if (closed || (complete && !reading)) {
      waiting = null;
      void close();
      resolve({ value: undefined, done: true });
    }
  };
  const accept = (item: T) => {
    if (item.position !== last + 1) return;
    if (ready.length >= readyLimit) {
      behind = true;
      return;
    }
    last = item.position;
    ready.push(item);
  };
  /** Everything between `last` and the store's end; messages that arrive meanwhile wait in `early`. */
  const catchUp = async () => {
    if (reading) {
      readAgain = true;
      return;
    }
    reading = true;
    try {
      do {
        readAgain = false;
        const part = await options.read(last);
        for (const item of part.items) accept(item);
        if (part.more) readAgain = true;
        else if (part.complete) complete = true;
      } while (readAgain && !closed && !complete && !behind);
      for (const item of early.sort((a, b) => a.position - b.position)) accept(item);
      early = early.filter((item) => item.position > last + 1);
    } catch (error) {
      failure = error;
    } finally {
      reading = false;
      settle();
    }
  };
  const onMessage = (item: T | null) => {
    if (closed || behind || complete || failure !== undefined) return;
    if (item !== null && item.position <= last) return;
    if (item !== null && !reading && item.position === last + 1) {
      accept(item);
      settle();
      return;
    }
    if (item !== null) early.push(item);
    void catchUp();
  };

  const detach = await options.listen(onMessage);
  const timer = setInterval(() => void catchUp(), options.checkMs ?? 5000);
  const close = async () => {
    if (closed) return;
    closed = true;
    clearInterval(timer);
    ready.length = 0;
    settle();
    await detach();
  };
  options.signal?.addEventListener('abort', () => void close(), { once: true });
  await catchUp();

  const stream: AsyncIterableIterator<T> = {
    [Symbol.asyncIterator]: () => stream,
    next: () =>
      new Promise<IteratorResult<T>>((resolve, reject) => {
        waiting = { resolve, reject };
        settle();
      }),
    return: async () => {
      await close();
      return { value: undefined, done: true };
    },
  };
  return stream;
};
