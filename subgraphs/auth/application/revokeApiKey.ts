import type { Actor } from '@parley/kernel/actor';
import { isUuid } from '@parley/kernel/database';
import { Refusal } from '@parley/kernel/refusal';
import { transaction } from '../infrastructure/database.ts';
import { type AuthParts, announce, recordOfOrganization } from './auth.ts';

/**
 * Ends a key for good; ending it again changes nothing.
 * @throws Refusal NOT_FOUND, also for another organization's key
 */
export const revokeApiKey = async (auth: AuthParts, actor: Actor, { id }: { id: string }): Promise<{ id: string }> => {
  const { tenantId } = actor;
  const now = auth.clock();
  const ended = await transaction(auth.database.forTenant(tenantId), async (tx) => {
    const found = isUuid(id) ? await tx.apiKey.findUnique({ where: { tenantId_id: { tenantId, id } } }) : null;
    if (found === null) throw new Refusal('NOT_FOUND', 'There is no such API key.');
    const { count } = await tx.apiKey.updateMany({
      where: { tenantId, id, revokedAt: null },
      data: { revokedAt: now },
    });
    const revoked = { type: 'auth.ApiKeyRevoked', data: { apiKeyId: id } } as const;
    if (count > 0) await recordOfOrganization(tx, tenantId, [revoked], { actor, now });
    return count > 0;
  });
  if (ended) await announce(auth, [{ kind: 'API_KEY', tenantId, id }]);
  return { id };
};
