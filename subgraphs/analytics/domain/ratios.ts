/** Typing makes no audio, so a typed turn's speech is estimated at this pace. */
export const wordsPerMinute = 150;
const msPerWord = 60_000 / wordsPerMinute;

/** Agent speech / all speech, 0..1; null when nobody has said anything. */
export const talkRatio = (agentSpeechMs: number, customerWordCount: number): number | null => {
  const all = agentSpeechMs + customerWordCount * msPerWord;
  return all === 0 ? null : agentSpeechMs / all;
};

/** Of the conversations that have ended, the part that converted, 0..1; null when none has ended. */
export const conversionRate = (converted: number, ended: number): number | null =>
  ended === 0 ? null : converted / ended;
