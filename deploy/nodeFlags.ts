/**
 * What `npm start` and the image give Node, too. A large young generation, and (decision 0020) no guesses of V8's at what
 * will live long.
 */
export const nodeFlags = [
  '--max-semi-space-size=32',
  '--no-allocation-site-pretenuring',
  '--disable-warning=TimeoutNegativeWarning',
] as const;
