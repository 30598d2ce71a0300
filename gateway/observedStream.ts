import type { Observation } from './observe.ts';

/** The stream itself; when it is over, whoever ends it, so is its observation. */
export const observedStream = <T>(
  stream: AsyncIterableIterator<T>,
  observed: Observation | undefined,
): AsyncIterableIterator<T> => ({
  [Symbol.asyncIterator]() {
    return this;
  },
  next: async () => {
    try {
      const item = await stream.next();
      if (item.done) observed?.end();
      return item;
    } catch (error) {
      observed?.failed('STREAM_FAILED');
      observed?.end();
      throw error;
    }
  },
  return: async () => {
    observed?.end();
    return (await stream.return?.()) ?? { value: undefined, done: true };
  },
});
