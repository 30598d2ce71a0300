import type { SpokenWord } from './speechSynthesizer.ts';

/** When the engine began to say what stands at `index` (UTF-16, from 0) of the text. */
export type WordEvent = { readonly index: number; readonly ms: number };

type Token = { readonly text: string; readonly start: number; readonly end: number };

/** What is said aloud: runs without white space that hold a letter, a digit or a sign with a name (not a lone dash, no emoji). */
export const spokenTokens = (text: string): readonly Token[] =>
  [...text.matchAll(/\S+/gu)]
    .filter(([token]) => /[\p{L}\p{N}\p{Sc}\p{Sm}&%@#°]/u.test(token))
    .map((match) => ({ text: match[0], start: match.index, end: match.index + match[0].length }));

/**
 * The text's own words with times. An engine reports several events for a number it expands, none for a word it merges
 * into its neighbour, and now and then one at the white space before a word: the first event of a word is its start,
 * words without one share the time between their neighbours by length.
 */
export const wordTimings = (text: string, events: readonly WordEvent[], durationMs: number): readonly SpokenWord[] => {
  const tokens = spokenTokens(text);
  const starts: (number | null)[] = tokens.map(() => null);
  for (const { index, ms } of events) {
    const at = tokens.findIndex((token) => index < token.end);
    const known = at === -1 ? 0 : starts[at];
    if (known === null || (known !== undefined && ms < known)) starts[at] = ms;
  }
  const fixed = spread(tokens, ascending(starts, durationMs), durationMs);
  return tokens.map(({ text: word }, at) => ({
    text: word,
    startMs: fixed[at] ?? durationMs,
    endMs: fixed[at + 1] ?? durationMs,
  }));
};

/** Where an engine reports nothing: the whole time shared by length, a rough guess that is good enough to follow. */
export const estimatedTimings = (text: string, durationMs: number): readonly SpokenWord[] =>
  wordTimings(text, [], durationMs);

const ascending = (starts: readonly (number | null)[], durationMs: number): readonly (number | null)[] => {
  let floor = 0;
  return starts.map((start) => {
    if (start === null) return null;
    floor = Math.min(durationMs, Math.max(floor, Math.round(start)));
    return floor;
  });
};

const spread = (
  tokens: readonly Token[],
  starts: readonly (number | null)[],
  durationMs: number,
): readonly number[] => {
  const result: number[] = [];
  let at = 0;
  while (at < tokens.length) {
    const from = at === 0 ? 0 : (starts[at] ?? result[at - 1] ?? 0);
    let next = at + 1;
    while (next < tokens.length && starts[next] === null) next += 1;
    const until = next < tokens.length ? (starts[next] ?? durationMs) : durationMs;
    const weights = tokens.slice(at, next).map(({ text }) => text.length + 1);
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    let before = 0;
    for (const weight of weights) {
      result.push(Math.round(from + ((until - from) * before) / total));
      before += weight;
    }
    at = next;
  }
  return result;
};
