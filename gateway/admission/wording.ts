const longest = 300;

/**
 * A message of graphql-js without what it suggests (A26) and without the client's values (B15): those may be long,
 * secret, or both. Names of fields, types and variables stay.
 */
export const withoutInput = (message: string): string => {
  const plain = message
    .replace(/ ?Did you mean [\s\S]*\?$/, '')
    .replace(/( cannot represent [^:]*): [\s\S]*$/, '$1.')
    .replace(/^(Expected value of type "[^"]*"), found [\s\S]*$/, '$1.')
    .replace(/^Value "[\s\S]*" does not exist in /, 'Value does not exist in ')
    .replace(/^(Syntax Error: (?:Unterminated string|Invalid character)[^:.]*)[\s\S]*$/, '$1.');
  return plain.length > longest ? `${plain.slice(0, longest)}…` : plain;
};
