import type { Role } from '@parley/kernel/actor';
import { decideRefresh } from '../domain/refreshToken.ts';
import { gate, transaction } from '../infrastructure/database.ts';
import {
  insertRefreshToken,
  lockSessionOf,
  looksLikeRefreshToken,
  refreshTokenHash,
  successorOf,
} from '../infrastructure/sessions.ts';
import { type AuthParts, announce, invalidCredentials, recordOfUser } from './auth.ts';

type Outcome =
  | { kind: 'REFUSED' }
  | { kind: 'REUSED'; sessionId: string }
  | { kind: 'CONTINUED'; userId: string; sessionId: string; role: Role; refreshToken: string };

/**
 * Goes on with a session: each refresh token is good once and is followed by another. The tokens of a session form one
 * chain; who comes with a link that was used before ends it, but for a reply lost within the grace.
 * @throws Refusal INVALID_CREDENTIALS
 */
export const refreshSession = async (
  auth: AuthParts,
  { refreshToken: token }: { refreshToken: string },
): Promise<{ accessToken: string; refreshToken: string }> => {
  if (!looksLikeRefreshToken(token)) throw invalidCredentials();
  const hash = refreshTokenHash(token);
  const owner = await gate(auth.database).refreshToken.findFirst({ where: { hash }, select: { tenantId: true } });
  if (owner === null) throw invalidCredentials();
  const { tenantId } = owner;
  const now = auth.clock();

  const outcome = await transaction(auth.database.forTenant(tenantId), async (tx): Promise<Outcome> => {
    const session = await lockSessionOf(tx, hash);
    if (session === null) return { kind: 'REFUSED' };
    const row = await tx.refreshToken.findUniqueOrThrow({ where: { tenantId_hash: { tenantId, hash } } });
    const refreshToken = successorOf(token, row.salt, auth.refreshKey);
    const successor = await tx.refreshToken.findUnique({
      where: { tenantId_hash: { tenantId, hash: refreshTokenHash(refreshToken) } },
    });
    const decision = decideRefresh(
      {
        expiresAt: row.expiresAt,
        usedAt: row.usedAt,
        sessionRevokedAt: session.revokedAt,
        successorUsedAt: successor?.usedAt ?? null,
      },
      now,
    );
    const { id: sessionId, userId } = session;
    if (decision === 'REFUSE') return { kind: 'REFUSED' };
    if (decision === 'REUSED') {
      await tx.session.updateMany({ where: { tenantId, id: sessionId }, data: { revokedAt: now } });
      await recordOfUser(
        tx,
        userId,
        [
          { type: 'auth.RefreshTokenReused', data: { userId, sessionId } },
          { type: 'auth.SessionRevoked', data: { userId, sessionId, reason: 'REFRESH_TOKEN_REUSED' } },
        ],
        { actor: { kind: 'SERVICE', id: 'auth' }, now },
      );
      return { kind: 'REUSED', sessionId };
    }
    if (decision === 'ROTATE') {
      await tx.refreshToken.updateMany({ where: { tenantId, id: row.id }, data: { usedAt: now } });
      await insertRefreshToken(tx, tenantId, sessionId, refreshToken, now);
    }
    // The role as it is now, not as it was at the sign-in.
    const membership = await tx.membership.findUnique({ where: { tenantId_userId: { tenantId, userId } } });
    if (membership === null) return { kind: 'REFUSED' };
    return { kind: 'CONTINUED', userId, sessionId, role: membership.role, refreshToken };
  });

  if (outcome.kind === 'REUSED') {
    auth.log.warn({ sessionId: outcome.sessionId }, 'a refresh token was used again: its session was ended');
    await announce(auth, [{ kind: 'SESSION', tenantId, id: outcome.sessionId }]);
  }
  if (outcome.kind !== 'CONTINUED') throw invalidCredentials();
  const { userId, sessionId, role, refreshToken } = outcome;
  return { accessToken: await auth.tokens.access({ id: userId, tenantId, role, sessionId }), refreshToken };
};
