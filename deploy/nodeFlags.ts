/**
 * What `npm start` and the image give Node, too. A large young generation; no guesses of V8's at what will live long
 * (decision 0020); more room for inlining (decision 0022).
 */
export const nodeFlags = [
  '--max-semi-space-size=32',
  '--no-allocation-site-pretenuring',
  '--max-inlined-bytecode-size=1000',
  '--max-inlined-bytecode-size-cumulative=1600',
  '--disable-warning=TimeoutNegativeWarning',
] as const;
