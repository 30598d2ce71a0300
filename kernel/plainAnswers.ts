import { isAscii } from 'node:buffer';

/** Answers read from JSON without a single backslash; of each, whether it is ASCII too. */
const plain = new WeakMap<object, boolean>();

/**
 * Marks an answer none of whose strings holds anything that JSON escapes, so whoever writes them again need not look.
 * Only who has seen the bytes can say so.
 */
export const markPlain = (answer: unknown, bytes: Buffer): void => {
  if (typeof answer === 'object' && answer !== null && !bytes.includes(backslash)) plain.set(answer, isAscii(bytes));
};

export const isPlain = (answer: object): boolean => plain.has(answer);
/** It is plain, and each of its characters is one byte. */
export const isPlainAscii = (answer: object): boolean => plain.get(answer) === true;

const backslash = 0x5c;
