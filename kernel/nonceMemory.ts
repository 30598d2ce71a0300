/** Remembers which nonces were seen, for as long as their calls would still be accepted. */
export type NonceMemory = {
  /** False where the nonce was seen before, or where that can no longer be told. Times in milliseconds. */
  isFirst(nonce: string, expiresAt: number, now: number): boolean;
};

/**
 * Bounded without a hole: when it is full the oldest is forgotten, and from then on calls that expire no later than that
 * one are refused, since one of them might be its replay.
 */
export const createNonceMemory = (most = 200_000): NonceMemory => {
  const seen = new Map<string, number>();
  let forgottenUntil = 0;
  return {
    isFirst: (nonce, expiresAt, now) => {
      if (expiresAt <= forgottenUntil || seen.has(nonce)) return false;
      // In order of arrival, which is close to the order they expire in: looking at the first is enough to stay small.
      for (const [old, expiry] of seen) {
        if (expiry >= now && seen.size < most) break;
        if (expiry >= now) forgottenUntil = Math.max(forgottenUntil, expiry);
        seen.delete(old);
      }
      seen.set(nonce, expiresAt);
      return true;
    },
  };
};
