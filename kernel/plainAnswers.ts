const plain = new WeakSet<object>();

/**
 * Marks an answer read from JSON without a single backslash: none of its strings holds anything that JSON escapes, so
 * whoever writes them again need not look. Only who has seen the bytes can say so.
 */
export const markPlain = (answer: unknown, bytes: Buffer): void => {
  if (typeof answer === 'object' && answer !== null && !bytes.includes(backslash)) plain.add(answer);
};

export const isPlain = (answer: object): boolean => plain.has(answer);

const backslash = 0x5c;
