import { Refusal } from '@parley/kernel/refusal';

export const maxMessageBytes = 8000;
// PostgreSQL text cannot even hold NUL.
const control = /[\p{Cc}--[\t\n\r]]/v;

/** @returns what is wrong with a message's text, or null */
export const messageProblem = (text: string): string | null => {
  if (text.trim() === '') return 'must not be empty';
  if (Buffer.byteLength(text, 'utf8') > maxMessageBytes) return `must be at most ${maxMessageBytes} bytes of UTF-8`;
  if (control.test(text)) return 'must not hold control characters but tabs and line breaks';
  if (!text.isWellFormed()) return 'must be well-formed Unicode';
  return null;
};

/** @throws Refusal INVALID_INPUT */
export const checkMessage = (text: string): void => {
  const problem = messageProblem(text);
  if (problem !== null)
    throw new Refusal('INVALID_INPUT', `text ${problem}.`, { issues: [{ path: ['text'], message: problem }] });
};

export const countWords = (text: string): number => text.match(/[\p{L}\p{N}]+(?:['’.,-][\p{L}\p{N}]+)*/gu)?.length ?? 0;
