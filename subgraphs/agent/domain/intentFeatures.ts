import { conceptsOf } from './intentConcepts.ts';
import { fold } from './text.ts';

/** Hashed feature ids (ascending) with weights of unit Euclidean length. */
export type Features = { ids: Int32Array; values: Float32Array };

const fnvOffset = 0x811c9dc5;
const step = (hash: number, code: number): number => Math.imul(hash ^ code, 0x01000193);
const finish = (hash: number, mask: number): number => {
  const mixed = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return (mixed ^ (mixed >>> 13)) & mask;
};

// a concept speaks louder than a word, a word louder than one of its character n-grams; set by cross-validation
const repeats = { concept: 60, word: 10, pair: 6, last: 3, length: 10 };
const gram = { shortest: 3, longest: 4 };
// lengths in words from which an utterance counts as longer: "yes" and "bye" are short, stories are long
const lengths = [9, 6, 4, 3, 2, 1];

const hashOf = (name: string): number => {
  let hash = step(fnvOffset, 5);
  for (let i = 0; i < name.length; i++) hash = step(hash, name.charCodeAt(i));
  return hash;
};

/** Longest part of an utterance that is looked at, in UTF-16 units; what follows says little about its intent. */
export const featureWindow = 1_000;

/** Word 1-2-grams, the last word, how many, character 3-4-grams within words, concepts and pairs of them, FNV-1a hashed into `buckets` (a power of two), log-tf, L2. */
export const features = (utterance: string, buckets: number): Features => {
  const mask = buckets - 1;
  const counts = new Map<number, number>();
  const count = (hash: number, times = 1) => {
    const id = finish(hash, mask);
    counts.set(id, (counts.get(id) ?? 0) + times);
  };
  const words = fold(utterance.slice(0, featureWindow).normalize('NFKC')).match(/[\p{L}\p{N}]+|[?€$£]/gu) ?? [];
  let previous = step(fnvOffset, 1);
  for (const word of words) {
    let hash = step(fnvOffset, 2);
    let pair = step(previous, 3);
    for (let i = 0; i < word.length; i++) {
      hash = step(hash, word.charCodeAt(i));
      pair = step(pair, word.charCodeAt(i));
    }
    count(hash, repeats.word);
    count(pair, repeats.pair);
    previous = hash;
    const padded = ` ${word} `;
    for (let start = 0; start < padded.length - 1; start++) {
      let piece = step(fnvOffset, 4);
      for (let end = start; end < Math.min(start + gram.longest, padded.length); end++) {
        piece = step(piece, padded.charCodeAt(end));
        if (end >= start + gram.shortest - 1) count(piece);
      }
    }
  }
  count(step(previous, 11), repeats.last);
  count(hashOf(`${lengths.find((length) => words.length >= length) ?? 0} words`), repeats.length);
  const touched = conceptsOf(words.join(' '));
  for (const name of touched) count(hashOf(name), repeats.concept);
  for (const [i, name] of touched.entries()) {
    for (const other of touched.slice(i + 1)) count(hashOf(`${name}+${other}`), repeats.concept);
  }
  const ids = Int32Array.from(counts.keys()).sort();
  const values = new Float32Array(ids.length);
  let square = 0;
  for (let i = 0; i < ids.length; i++) {
    const value = 1 + Math.log(counts.get(ids[i] as number) ?? 1);
    values[i] = value;
    square += value * value;
  }
  const scale = square > 0 ? 1 / Math.sqrt(square) : 0;
  for (let i = 0; i < values.length; i++) values[i] = (values[i] as number) * scale;
  return { ids, values };
};
