import type { Call } from './subgraphCall.ts';

const texts = new WeakMap<Call, string>();

/**
 * Everything of who asks that can change an answer, as text. When a token ends is not part of it: nothing is answered
 * from it.
 */
export const callerOf = (call: Call): string => {
  const known = texts.get(call);
  if (known !== undefined) return known;
  const { expiresAt: _expiresAt, ...identity } = call.actor ?? { expiresAt: null };
  const text = JSON.stringify([identity, call.headers]);
  texts.set(call, text);
  return text;
};
