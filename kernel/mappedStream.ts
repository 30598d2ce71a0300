/**
 * `source` with every item mapped, one at a time. `return` reaches the source at once, also while a `next` is pending:
 * that is what frees its listeners.
 */
export const mappedStream = <T, R>(
  source: AsyncIterator<T, unknown, void>,
  map: (value: T) => R | Promise<R>,
): AsyncIterableIterator<R> => ({
  [Symbol.asyncIterator]() {
    return this;
  },
  next: async () => {
    const item = await source.next();
    return item.done ? { value: undefined, done: true } : { value: await map(item.value), done: false };
  },
  return: async () => {
    await source.return?.();
    return { value: undefined, done: true };
  },
});
