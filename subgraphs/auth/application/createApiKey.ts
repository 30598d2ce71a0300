import type { Actor } from '@parley/kernel/actor';
import { uuidv7 } from '@parley/kernel/id';
import { checkApiKey } from '../domain/apiKey.ts';
import type { ApiKeyCreated } from '../events.ts';
import { newApiKeySecret } from '../infrastructure/apiKeySecret.ts';
import { transaction } from '../infrastructure/database.ts';
import { requirePartner } from '../infrastructure/partners.ts';
import { type AuthParts, announce, recordOfOrganization } from './auth.ts';

/**
 * A key for a program, of a partner or of the organization's own. The secret is answered this once.
 * @throws Refusal INVALID_INPUT, NOT_FOUND (the partner)
 */
export const createApiKey = async (
  auth: AuthParts,
  actor: Actor,
  input: { name: string; scopes: readonly string[]; partnerId: string | null; expiresAt: Date | null },
): Promise<{ id: string; secret: string }> => {
  const now = auth.clock();
  const { tenantId } = actor;
  const { partnerId } = input;
  const { name, scopes, expiresAt } = checkApiKey(input, now);
  const { secret, prefix, hash } = newApiKeySecret();
  const id = uuidv7();
  await transaction(auth.database.forTenant(tenantId), async (tx) => {
    if (partnerId !== null) await requirePartner(tx, tenantId, partnerId);
    await tx.apiKey.createMany({
      data: [{ tenantId, id, partnerId, name, prefix, secretHash: hash, scopes, createdAt: now, expiresAt }],
    });
    const created: ApiKeyCreated = {
      type: 'auth.ApiKeyCreated',
      data: { apiKeyId: id, partnerId, scopes, expiresAt: expiresAt?.toISOString() ?? null },
    };
    await recordOfOrganization(tx, tenantId, [created], { actor, now });
  });
  await announce(auth);
  return { id, secret };
};
