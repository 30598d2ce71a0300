/** The values of a statement that is put together of parts; each is written as `$1`, `$2` … where it belongs. */
export type Parameters = {
  readonly values: readonly unknown[];
  /** Adds a value. @returns its place in the text */
  add(value: unknown): string;
};

export const parameters = (...first: readonly unknown[]): Parameters => {
  const values = [...first];
  return { values, add: (value) => `$${values.push(value)}` };
};
