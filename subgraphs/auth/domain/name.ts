const control = /[\p{Cc}\u2028\u2029]/u;
const maxCharacters = 200;

/** A name as it is stored: one spelling of each character, no blanks around it. */
export const normaliseName = (name: string): string => name.normalize('NFC').trim();

/** What is wrong with a name that people will read; null when nothing is. */
export const nameProblem = (name: string): string | null => {
  if (!name.isWellFormed()) return 'must be valid Unicode';
  if (control.test(name)) return 'must not contain control characters';
  const length = [...normaliseName(name)].length;
  return length < 1 || length > maxCharacters ? `must have 1 to ${maxCharacters} characters` : null;
};
