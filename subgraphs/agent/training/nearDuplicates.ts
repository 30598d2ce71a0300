import { fold } from '../domain/text.ts';

/** Two utterances too alike to count as two; `similarity` is the Jaccard index of their character trigrams, 0..1. */
export type Pair = { first: string; second: string; similarity: number };

const words = (text: string): string =>
  fold(text)
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();

const trigrams = (text: string): Set<string> => {
  const padded = ` ${text} `;
  return new Set(Array.from({ length: Math.max(1, padded.length - 2) }, (_, i) => padded.slice(i, i + 3)));
};

/** Pairs at or over `limit`; the same words twice always count. With `others`, pairs between the lists, else inside `texts`. */
export const nearDuplicates = (texts: readonly string[], limit: number, others?: readonly string[]): Pair[] => {
  const left = texts.map((text) => ({ text, key: words(text), grams: trigrams(words(text)) }));
  const right = others?.map((text) => ({ text, key: words(text), grams: trigrams(words(text)) })) ?? left;
  const pairs: Pair[] = [];
  for (const [i, first] of left.entries()) {
    for (const second of others ? right : right.slice(i + 1)) {
      if (Math.min(first.grams.size, second.grams.size) < limit * Math.max(first.grams.size, second.grams.size))
        continue;
      let shared = 0;
      for (const gram of first.grams) if (second.grams.has(gram)) shared++;
      const similarity = shared / (first.grams.size + second.grams.size - shared);
      if (first.key === second.key || similarity >= limit) {
        pairs.push({ first: first.text, second: second.text, similarity });
      }
    }
  }
  return pairs;
};
