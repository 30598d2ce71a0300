/** How long a token may wait for its use, and how long after it a repeated use counts as a lost reply. */
export const refreshTokenMs = 30 * 24 * 60 * 60 * 1000;
export const graceMs = 10_000;

export type RefreshToken = {
  readonly expiresAt: Date;
  readonly usedAt: Date | null;
  readonly sessionRevokedAt: Date | null;
  /** When the token that followed it was used; null while it was not, or while there is none. */
  readonly successorUsedAt: Date | null;
};

/**
 * ROTATE: first use, a successor is made. REPEAT: the reply was lost, the same successor is answered again, so there is
 * never a second branch. REUSED: two parties hold the token, the family ends (RFC 9700 §4.14.2). REFUSE: nothing happens.
 */
export const decideRefresh = (token: RefreshToken, now: Date): 'ROTATE' | 'REPEAT' | 'REUSED' | 'REFUSE' => {
  if (token.sessionRevokedAt !== null) return 'REFUSE';
  if (token.usedAt !== null) {
    const lost = token.successorUsedAt === null && now.getTime() - token.usedAt.getTime() <= graceMs;
    return lost ? 'REPEAT' : 'REUSED';
  }
  return token.expiresAt <= now ? 'REFUSE' : 'ROTATE';
};
