import type { Language } from './language.ts';
import { terms } from './text.ts';

/** A searchable set of passages; scores are only comparable within one search. */
export type Bm25Index<P> = {
  readonly size: number;
  add(passage: P, text: string): void;
  search(query: string, first: number): { passage: P; score: number }[];
};

const k1 = 1.2;
const b = 0.75;

/** Okapi BM25 over stems (Robertson & Zaragoza 2009, eq. 3.15) with the non-negative idf ln(1 + (N - n + .5)/(n + .5)). */
export const createBm25Index = <P>(language: Language): Bm25Index<P> => {
  const passages: P[] = [];
  const lengths: number[] = [];
  const postings = new Map<string, { document: number; frequency: number }[]>();
  let totalLength = 0;

  return {
    get size() {
      return passages.length;
    },
    add(passage, text) {
      const words = terms(text, language);
      const frequencies = new Map<string, number>();
      for (const word of words) frequencies.set(word, (frequencies.get(word) ?? 0) + 1);
      for (const [word, frequency] of frequencies) {
        const posting = postings.get(word) ?? [];
        posting.push({ document: passages.length, frequency });
        postings.set(word, posting);
      }
      passages.push(passage);
      lengths.push(words.length);
      totalLength += words.length;
    },
    search(query, first) {
      const averageLength = totalLength / Math.max(1, passages.length) || 1;
      const scores = new Map<number, number>();
      for (const word of new Set(terms(query, language))) {
        const posting = postings.get(word);
        if (!posting) continue;
        const idf = Math.log(1 + (passages.length - posting.length + 0.5) / (posting.length + 0.5));
        for (const { document, frequency } of posting) {
          const norm = k1 * (1 - b + (b * (lengths[document] ?? 0)) / averageLength);
          scores.set(document, (scores.get(document) ?? 0) + (idf * frequency * (k1 + 1)) / (frequency + norm));
        }
      }
      return [...scores]
        .sort(([i, x], [j, y]) => y - x || i - j)
        .slice(0, first)
        .map(([document, score]) => ({ passage: passages[document] as P, score }));
    },
  };
};
