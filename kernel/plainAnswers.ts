import { isAscii } from 'node:buffer';

/** What is known of all strings in some data. plain: nothing in them is escaped in JSON; ascii: and all are ASCII. */
export type KnownStrings = 'nothing' | 'plain' | 'ascii';

const known = new WeakMap<object, KnownStrings>();

/**
 * Marks an answer read from JSON without a single backslash: none of its strings holds anything that JSON escapes, so
 * whoever writes them again need not look. Only who has seen the bytes can say so.
 */
export const markPlain = (answer: unknown, bytes: Buffer): void => {
  if (typeof answer === 'object' && answer !== null && !bytes.includes(backslash))
    known.set(answer, isAscii(bytes) ? 'ascii' : 'plain');
};

export const knownStrings = (answer: object): KnownStrings => known.get(answer) ?? 'nothing';

/** What is known of the strings of both. */
export const knownOfBoth = (a: KnownStrings, b: KnownStrings): KnownStrings => {
  if (a === 'nothing' || b === 'nothing') return 'nothing';
  return a === 'plain' ? a : b;
};

const backslash = 0x5c;
