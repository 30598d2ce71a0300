import { LRUCache } from 'lru-cache';

/** An answer as it was sent, and when reading it was begun (milliseconds since the epoch). */
export type StoredAnswer = { readonly json: Buffer; readonly begunAt: number };
/** `wroteAt`: when the caller last changed something, as far as is known; 0 for never. */
export type Found = { readonly stored: StoredAnswer | null; readonly wroteAt: number };

/**
 * Where answers are kept. Keys name their organization. Nothing here rejects: a store that is away keeps nothing and
 * finds nothing, within a bounded time.
 */
export type AnswerStore = {
  find(key: string, writer: string): Promise<Found>;
  keep(key: string, answer: StoredAnswer, forMs: number): Promise<void>;
  /** The caller has changed something: what was begun before is not for it any more, for as long as any answer is kept. */
  wrote(writer: string, at: number, forMs: number): Promise<void>;
  /** Who gets it makes the answer for all gateways, and says when it is over. Null: somebody else is making it. */
  lead(key: string, forMs: number): Promise<(() => Promise<void>) | null>;
  close(): void;
};

/** This process's memory, up to so many bytes. */
export const memoryAnswerStore = (maxBytes: number): AnswerStore => {
  const answers = new LRUCache<string, StoredAnswer>({
    maxSize: maxBytes,
    sizeCalculation: ({ json }, key) => json.length + key.length + 100,
  });
  const writers = new LRUCache<string, number>({ max: 100_000 });
  return {
    find: async (key, writer) => ({ stored: answers.get(key) ?? null, wroteAt: writers.get(writer) ?? 0 }),
    keep: async (key, answer, forMs) => void answers.set(key, answer, { ttl: forMs }),
    wrote: async (writer, at, forMs) => void writers.set(writer, at, { ttl: forMs }),
    // Whoever shares this memory shares the run as well.
    lead: async () => async () => {},
    close: () => answers.clear(),
  };
};
