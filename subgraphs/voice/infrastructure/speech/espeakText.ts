import type { WordEvent } from './wordTimings.ts';

/** A word as espeak reports it: a 1-based position in characters of what it was given, and the time in ms. */
export type EspeakWord = { readonly position: number; readonly ms: number };

export type EspeakText = {
  /** What espeak is given: it always reads SSML and `[[phonemes]]`, so what could be either is made plain text. */
  readonly ssml: string;
  /** Maps espeak's word positions back to UTF-16 indexes of the text. */
  eventsIn(words: readonly EspeakWord[]): readonly WordEvent[];
};

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '[': ' ', ']': ' ' };
/** Titles and the like whose full stop espeak would take for the end of a sentence, with its pause. */
const shortened =
  /(?<![\p{L}\p{N}.])(?:Dr|Dra|Mr|Mrs|Ms|Prof|St|Sr|Sra|Srta|Ud|Uds|Av|Avda|Nr|Tel|tel|vs|approx|ca|bzw|env|núm|pág|M|Mme|Dott|Sig|Ing)\.(?=\s+\S)/gu;
/** Control characters, Markdown's marks, and emoji (espeak reads them out: "slightly smiling face"). */
const unspoken = /\p{Cc}|[*_`~]|\p{Emoji_Presentation}|\p{Extended_Pictographic}|\uFE0F|\u200D|\p{Emoji_Modifier}/gu;
/** Initials: U.S., EE. UU. */
const spelled = /(?<![\p{L}\p{N}])(?:\p{Lu}{1,2}\.\s?){2,}/gu;

/** Prepares a text for espeak, keeping the way back from its positions to ours. */
export const espeakText = (text: string): EspeakText => {
  // The stops are blanked, never removed, so that every index stays what it was.
  const flat = text
    .replace(unspoken, (match) => ' '.repeat(match.length))
    .replace(shortened, (match) => `${match.slice(0, -1)} `)
    .replace(spelled, (match, at: number) => (at + match.length >= text.length ? match : match.replaceAll('.', ' ')));
  let ssml = '';
  const indexes: number[] = [];
  let index = 0;
  for (const character of flat) {
    const written = entities[character] ?? character;
    for (const _ of written) indexes.push(index);
    ssml += written;
    index += character.length;
  }
  return {
    ssml,
    eventsIn: (words) =>
      words.map(({ position, ms }) => ({ index: indexes[Math.max(0, position - 1)] ?? text.length, ms })),
  };
};
