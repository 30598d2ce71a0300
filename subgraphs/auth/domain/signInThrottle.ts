/** Wrong tries for one e-mail since the last success. */
export type Throttle = { readonly tries: number; readonly lastTryAt: Date; readonly blockedUntil: Date | null };

const freeTries = 10;
const forgetMs = 15 * 60_000;
const firstPauseMs = 30_000;
const longestPauseMs = 15 * 60_000;

/** When everything about an e-mail may be forgotten. */
export const forgottenBefore = (now: Date): Date => new Date(now.getTime() - forgetMs - longestPauseMs);

/** Milliseconds until the next try may be made; 0 when it may be made now. */
export const pauseLeft = (known: Throttle | null, now: Date): number =>
  Math.max(0, (known?.blockedUntil?.getTime() ?? 0) - now.getTime());

/**
 * After ten wrong tries there is a pause, twice as long after each further one up to a quarter of an hour; then one try
 * is free again, so nobody is locked out for good. A quarter of an hour without a try, or a success, ends it.
 * `weight`: a guessed second factor counts double, five guesses are enough.
 */
export const countFailure = (known: Throttle | null, now: Date, weight: 1 | 2 = 1): Throttle => {
  const since = known === null ? 0 : (known.blockedUntil ?? known.lastTryAt).getTime();
  const tries = (known === null || now.getTime() - since > forgetMs ? 0 : known.tries) + weight;
  const over = tries - freeTries;
  const pause = over < 0 ? 0 : Math.min(longestPauseMs, firstPauseMs * 2 ** Math.min(over, 20));
  return { tries, lastTryAt: now, blockedUntil: pause === 0 ? null : new Date(now.getTime() + pause) };
};
