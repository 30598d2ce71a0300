/** When a key was published, when it begins to sign, and when tokens it signed are no longer accepted. */
export type KeyLife = { readonly createdAt: Date; readonly signsFrom: Date; readonly retiredAt: Date | null };

const day = 24 * 60 * 60 * 1000;
/** A key is replaced after this long. */
export const rotationMs = 90 * day;
/** A new key is published this long before it signs, so that nobody meets a token whose key they cannot know yet. */
export const announcedMs = 10 * 60_000;
/** An old key stays published this long after its successor signs: the longest token's hour, and some. */
export const overlapMs = 2 * 60 * 60_000;

/** Keys that tokens may be verified with. */
export const publishedKeys = <K extends KeyLife>(keys: readonly K[], now: Date): K[] =>
  keys.filter(({ createdAt, retiredAt }) => createdAt <= now && (retiredAt === null || retiredAt > now));

/** The newest published key that may sign already. */
export const signingKeyAt = <K extends KeyLife>(keys: readonly K[], now: Date): K | null =>
  publishedKeys(keys, now)
    .filter(({ signsFrom }) => signsFrom <= now)
    .sort((a, b) => b.signsFrom.getTime() - a.signsFrom.getTime())[0] ?? null;

/** When the next key must begin to sign; null while the newest is young enough. The first one signs at once. */
export const nextSignsFrom = (keys: readonly KeyLife[], now: Date): Date | null => {
  const newest = Math.max(...publishedKeys(keys, now).map(({ signsFrom }) => signsFrom.getTime()));
  if (newest === Number.NEGATIVE_INFINITY) return now;
  return now.getTime() - newest >= rotationMs ? new Date(now.getTime() + announcedMs) : null;
};
