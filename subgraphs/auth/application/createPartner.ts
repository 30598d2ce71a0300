import type { Actor } from '@parley/kernel/actor';
import { uuidv7 } from '@parley/kernel/id';
import { Refusal } from '@parley/kernel/refusal';
import { refuseProblems } from '../domain/input.ts';
import { nameProblem, normaliseName } from '../domain/name.ts';
import { isDuplicate, transaction } from '../infrastructure/database.ts';
import { type AuthParts, announce, recordOfOrganization } from './auth.ts';

/** @throws Refusal INVALID_INPUT, CONFLICT (the name) */
export const createPartner = async (
  auth: AuthParts,
  actor: Actor,
  input: { name: string },
): Promise<{ id: string }> => {
  refuseProblems([['name', nameProblem(input.name)]]);
  const { tenantId } = actor;
  const now = auth.clock();
  const id = uuidv7();
  await transaction(auth.database.forTenant(tenantId), async (tx) => {
    await tx.partner.createMany({ data: [{ tenantId, id, name: normaliseName(input.name), createdAt: now }] });
    const created = { type: 'auth.PartnerCreated', data: { partnerId: id } } as const;
    await recordOfOrganization(tx, tenantId, [created], { actor, now });
  }).catch((error: unknown) => {
    throw isDuplicate(error) ? new Refusal('CONFLICT', 'There is a partner with this name.') : error;
  });
  await announce(auth);
  return { id };
};
