/** One chunk of a turn's audio; the words' times are within the turn. */
export type SpokenChunk = {
  readonly text: string;
  readonly words: readonly { readonly text: string; readonly startMs: number; readonly endMs: number }[];
};

/**
 * What was really heard when `playedMs` of a turn's audio were played. A word counts once half of it was: it ends where
 * the next begins, and the pause between them is nobody's.
 */
export const spokenText = (chunks: readonly SpokenChunk[], playedMs: number): string => {
  const heard: string[] = [];
  for (const { text, words } of chunks) {
    const played = words.filter(({ startMs, endMs }) => (startMs + endMs) / 2 <= playedMs);
    if (played.length === 0) break;
    if (played.length === words.length) {
      heard.push(text);
      continue;
    }
    let end = 0;
    for (const word of played) {
      const at = text.indexOf(word.text, end);
      if (at !== -1) end = at + word.text.length;
    }
    heard.push(text.slice(0, end));
    break;
  }
  return heard.join(' ');
};
