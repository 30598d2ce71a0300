import type { Actor } from '@parley/kernel/actor';
import { Refusal } from '@parley/kernel/refusal';
import type { SessionRevoked } from '../events.ts';
import { transaction } from '../infrastructure/database.ts';
import { type AuthParts, announce, recordOfUser } from './auth.ts';

/**
 * Ends the caller's session, or all sessions of the caller: their refresh tokens are no good any more and their live
 * connections end; an access token that is out lives on for what is left of its five minutes at most.
 * @returns how many were ended
 * @throws Refusal NOT_FOUND for a caller without a session, such as an API key
 */
export const signOut = async (auth: AuthParts, actor: Actor, options: { everywhere: boolean }): Promise<number> => {
  if (actor.kind !== 'USER' || actor.sessionId === null) throw new Refusal('NOT_FOUND', 'There is no session to end.');
  const { tenantId, id: userId, sessionId } = actor;
  const reason: SessionRevoked['data']['reason'] = options.everywhere ? 'SIGNED_OUT_EVERYWHERE' : 'SIGNED_OUT';
  const now = auth.clock();
  const ended = await transaction(auth.database.forTenant(tenantId), async (tx) => {
    const open = await tx.session.updateManyAndReturn({
      where: { tenantId, userId, revokedAt: null, ...(options.everywhere ? {} : { id: sessionId }) },
      data: { revokedAt: now },
    });
    await recordOfUser(
      tx,
      userId,
      open.map(({ id }) => ({ type: 'auth.SessionRevoked', data: { userId, sessionId: id, reason } })),
      { actor, now },
    );
    return open;
  });
  await announce(
    auth,
    ended.map(({ id }) => ({ kind: 'SESSION', tenantId, id })),
  );
  return ended.length;
};
