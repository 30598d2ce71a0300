/** A stream of what is pushed into it. */
export type WaitingItems<T> = {
  push(item: T): void;
  end(): void;
  fail(error: Error): void;
  /** Rejects when it fails or ends before anybody read from it. */
  readonly failed: Promise<never>;
  readonly stream: AsyncIterableIterator<T>;
};

const mostWaiting = 10_000;

/** Items wait here for a reader that is slow, up to a point: past it the stream fails. `onOver`: nothing more is wanted, or nothing more comes. */
export const waitingItems = <T>(onOver: () => void): WaitingItems<T> => {
  const waiting: T[] = [];
  let outcome: { error: Error | null } | null = null;
  let wake = (): void => {};
  let refuse = (_error: Error): void => {};
  const failed = new Promise<never>((_, reject) => {
    refuse = reject;
  });
  failed.catch(() => {});
  const finish = (error: Error | null): void => {
    if (outcome !== null) return;
    outcome = { error };
    refuse(error ?? new Error('the stream ended before it began'));
    wake();
    onOver();
  };
  const next = async (): Promise<IteratorResult<T>> => {
    while (waiting.length === 0) {
      if (outcome !== null) {
        const { error } = outcome;
        outcome = { error: null };
        if (error) throw error;
        return { value: undefined, done: true };
      }
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    return { value: waiting.shift() as T, done: false };
  };
  return {
    push: (item) => {
      if (outcome !== null) return;
      waiting.push(item);
      if (waiting.length > mostWaiting) finish(new Error(`more than ${mostWaiting} events wait for a reader`));
      wake();
    },
    end: () => finish(null),
    fail: finish,
    failed,
    stream: {
      [Symbol.asyncIterator]() {
        return this;
      },
      next,
      return: async () => {
        waiting.length = 0;
        finish(null);
        return { value: undefined, done: true };
      },
    },
  };
};
