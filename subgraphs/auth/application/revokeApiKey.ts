import type { Actor } from '@parley/kernel/actor';
import { isUuid } from '@parley/kernel/database';
import { Refusal } from '@parley/kernel/refusal';
import { transaction } from '../infrastructure/database.ts';
import { type AuthParts, announce, recordOfOrganization } from './auth.ts';

/**
 * Ends a key for good; ending it again changes nothing.
 * @throws Refusal NOT_FOUND, also for another organization's key
 */
export const revokeApiKey = async (auth: AuthParts, actor: Actor, { id }: { id: string }) => {
  const { tenantId } = actor;
  const now = auth.clock();
  const { row, ended } = await transaction(auth.database.forTenant(tenantId), async (tx) => {
    const where = { tenantId_id: { tenantId, id } };
    const found = isUuid(id) ? await tx.apiKey.findUnique({ where }) : null;
    if (found === null) throw new Refusal('NOT_FOUND', 'There is no such API key.');
    const { count } = await tx.apiKey.updateMany({
      where: { tenantId, id, revokedAt: null },
      data: { revokedAt: now },
    });
    if (count === 0) return { row: found, ended: false };
    const revoked = { type: 'auth.ApiKeyRevoked', data: { apiKeyId: id } } as const;
    await recordOfOrganization(tx, tenantId, [revoked], { actor, now });
    return { row: { ...found, revokedAt: now }, ended: true };
  });
  await announce(auth, ended ? [{ kind: 'API_KEY', tenantId, id }] : []);
  return row;
};
