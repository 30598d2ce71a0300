import { createHash, createHmac, randomBytes } from 'node:crypto';
import { uuidv7 } from '@parley/kernel/id';
import { refreshTokenMs } from '../domain/refreshToken.ts';
import type { Tx } from './database.ts';

const sha256 = (text: string) => Uint8Array.from(createHash('sha256').update(text).digest());
const shape = /^[A-Za-z0-9_-]{43}$/;

/** Could it be a refresh token: 256 bits in base64url? */
export const looksLikeRefreshToken = (token: string): boolean => shape.test(token);
export const refreshTokenHash = sha256;

/**
 * The token that follows `token`: 256 bits that only who holds the token, its row and our key can tell. So a lost
 * reply can be repeated although only a hash is stored.
 */
export const successorOf = (token: string, salt: Uint8Array, key: Uint8Array): string =>
  createHmac('sha256', key).update(token).update(salt).digest('base64url');

/** Stores the hash of a refresh token as the newest of its session. */
export const insertRefreshToken = async (
  tx: Tx,
  tenantId: string,
  sessionId: string,
  token: string,
  now: Date,
): Promise<void> => {
  await tx.refreshToken.createMany({
    data: [
      {
        tenantId,
        id: uuidv7(),
        sessionId,
        hash: sha256(token),
        salt: Uint8Array.from(randomBytes(32)),
        createdAt: now,
        expiresAt: new Date(now.getTime() + refreshTokenMs),
      },
    ],
  });
};

/** Begins a session, never going on with one that was there before the sign-in. */
export const startSession = async (
  tx: Tx,
  tenantId: string,
  userId: string,
  now: Date,
): Promise<{ sessionId: string; refreshToken: string }> => {
  const sessionId = uuidv7();
  const refreshToken = randomBytes(32).toString('base64url');
  await tx.session.createMany({ data: [{ tenantId, id: sessionId, userId, createdAt: now }] });
  await insertRefreshToken(tx, tenantId, sessionId, refreshToken, now);
  return { sessionId, refreshToken };
};

/** Holds the row of the session that a refresh token belongs to until the transaction ends. */
export const lockSessionOf = async (
  tx: Tx,
  hash: Uint8Array<ArrayBuffer>,
): Promise<{ id: string; userId: string; revokedAt: Date | null } | null> => {
  const rows = await tx.$queryRaw<{ id: string; userId: string; revokedAt: Date | null }[]>`
    SELECT id, user_id AS "userId", revoked_at AS "revokedAt" FROM identity.session
    WHERE tenant_id = platform.tenant_id()
      AND id = (SELECT session_id FROM identity.refresh_token WHERE tenant_id = platform.tenant_id() AND hash = ${hash})
    FOR UPDATE`;
  return rows[0] ?? null;
};
