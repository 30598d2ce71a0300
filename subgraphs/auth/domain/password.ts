const minBytes = 8;
const maxBytes = 1024;
// What NFKC can shrink into `maxBytes`: no character loses more than three quarters of its bytes.
const maxGivenBytes = 4 * maxBytes;

/** The bytes that are hashed: NFKC (RFC 8265 §4.2 allows it), so that the same password typed elsewhere is the same. Never cut. */
export const passwordBytes = (password: string): Buffer => Buffer.from(password.normalize('NFKC'));

/** What is wrong with a password; null when nothing is. Any character may occur in it, also NUL. */
export const passwordProblem = (password: string): string | null => {
  if (!password.isWellFormed()) return 'must be valid Unicode';
  const length =
    Buffer.byteLength(password) > maxGivenBytes ? Number.POSITIVE_INFINITY : passwordBytes(password).length;
  return length < minBytes || length > maxBytes ? `must have ${minBytes} to 1,024 bytes of UTF-8` : null;
};
