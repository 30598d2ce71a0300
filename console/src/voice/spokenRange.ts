import type { AudioChunkFieldsFragment } from '@parley/client';

type Word = AudioChunkFieldsFragment['words'][number];
/** Offsets in a turn's text: before `from` it was said, `from` to `to` is being said. */
export type SpokenRange = { readonly from: number; readonly to: number };

/** Where in the text the voice is at `positionMs`. Words the voice says otherwise than they are written are passed over. */
export const spokenRange = (text: string, words: readonly Word[], positionMs: number): SpokenRange => {
  let at = 0;
  let range: SpokenRange = { from: 0, to: 0 };
  for (const word of words) {
    if (word.startMs > positionMs) break;
    const found = text.indexOf(word.text, at);
    // A far match is a later word that happens to look the same.
    if (found < 0 || found - at > 40) continue;
    at = found + word.text.length;
    range = { from: found, to: at };
  }
  return range;
};
