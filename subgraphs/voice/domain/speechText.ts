export const maxSpeechBytes = 8_000;
// C0 and C1 controls but tab, line feed and carriage return.
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const control = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/;

/** @returns what is wrong with a text to be spoken, or null */
export const speechTextProblem = (text: string): string | null => {
  if (text.trim() === '') return 'must not be empty';
  if (Buffer.byteLength(text, 'utf8') > maxSpeechBytes) return `must be at most ${maxSpeechBytes} bytes of UTF-8`;
  if (control.test(text)) return 'must not hold control characters but tabs and line breaks';
  if (!text.isWellFormed()) return 'must be well-formed Unicode';
  return null;
};

/** Joins neighbours until there are at most `most` parts: thousands of one-letter sentences are not thousands of files. */
export const joinSentences = (sentences: readonly string[], most: number): readonly string[] => {
  if (sentences.length <= most) return sentences;
  const size = Math.ceil(sentences.length / most);
  return Array.from({ length: Math.ceil(sentences.length / size) }, (_, at) =>
    sentences.slice(at * size, (at + 1) * size).join(' '),
  );
};
