import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from 'graphql-ws';
import type { Answer } from './graphql.ts';

/** A running subscription and everything it has brought so far. */
export type Live<T> = {
  readonly items: readonly T[];
  /** Resolves when the server completes the stream; rejects with what it refused or broke it with. */
  readonly completed: Promise<void>;
  /** The first item, old or new, for which `test` holds. */
  until(test: (item: T, items: readonly T[]) => boolean, what?: string): Promise<T>;
  leave(): void;
};

const patienceMs = 20_000;

/** Subscribes to one root field; an item is that field's value, or the whole answer where it came with errors. */
export const watch = <T>(client: Client, field: string, query: string, variables: object): Live<T> => {
  const items: T[] = [];
  let stop: () => void = () => {};
  let wake: () => void = () => {};
  let woken = new Promise<void>((resolve) => {
    wake = resolve;
  });
  const completed = new Promise<void>((resolve, reject) => {
    const leave = client.subscribe<Record<string, T>>(
      { query, variables: { ...variables } },
      {
        next: ({ data, errors }) => {
          if (errors?.length) reject(new LiveRefused(errors as Answer['errors']));
          else if (data) items.push(data[field] as T);
          wake();
          woken = new Promise<void>((again) => {
            wake = again;
          });
        },
        error: (error) => reject(Array.isArray(error) ? new LiveRefused(error as Answer['errors']) : error),
        complete: () => resolve(),
      },
    );
    stop = leave;
  });
  completed.catch(() => {});
  const until: Live<T>['until'] = async (test, what = 'what was waited for') => {
    const deadline = AbortSignal.timeout(patienceMs);
    for (let at = 0; ; ) {
      for (; at < items.length; at += 1) {
        const item = items[at] as T;
        if (test(item, items.slice(0, at + 1))) return item;
      }
      await Promise.race([
        woken,
        completed
          .then(() => delay(20))
          .then(() => {
            if (at === items.length) throw new Error(`${field} completed without ${what}`);
          }),
        delay(patienceMs, undefined, { signal: deadline }).catch(() => {}),
      ]);
      if (deadline.aborted)
        throw new Error(`${field}: ${what} did not come; so far ${JSON.stringify(items.slice(-3))}`);
    }
  };
  return { items, completed, until, leave: () => stop() };
};

/** The server's own errors, as a stream was refused or broken with. */
export class LiveRefused extends Error {
  readonly errors: NonNullable<Answer['errors']>;
  constructor(errors: Answer['errors'] = []) {
    super(errors[0]?.message ?? 'refused');
    this.errors = errors;
  }
}
