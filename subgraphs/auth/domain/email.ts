const maxBytes = 254; // RFC 5321 §4.5.3.1.3, less the angle brackets
const maxLocalBytes = 64; // RFC 5321 §4.5.3.1.1
const local = /^[^\s@\p{C}"(),:;<>[\\\]]+$/u;
const label = /^[\p{L}\p{N}](?:[\p{L}\p{N}\p{M}-]{0,61}[\p{L}\p{N}\p{M}])?$/u;

/** The one spelling by which addresses are compared. */
export const normaliseEmail = (email: string): string => email.trim().toLowerCase().normalize('NFC');

/** What is wrong with an e-mail address; null when nothing is. Quoted local parts and address literals are not accepted. */
export const emailProblem = (given: string): string | null => {
  const email = normaliseEmail(given);
  if (Buffer.byteLength(email) > maxBytes) return `must not be longer than ${maxBytes} bytes`;
  const at = email.lastIndexOf('@');
  const [name, labels] = [email.slice(0, Math.max(at, 0)), email.slice(at + 1).split('.')];
  const shaped =
    email.isWellFormed() &&
    at > 0 &&
    Buffer.byteLength(name) <= maxLocalBytes &&
    local.test(name) &&
    !name.startsWith('.') &&
    !name.endsWith('.') &&
    !name.includes('..') &&
    labels.length > 1 &&
    labels.every((part) => label.test(part));
  return shaped ? null : 'must be an e-mail address';
};
