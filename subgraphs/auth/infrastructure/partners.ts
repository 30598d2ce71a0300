import { isUuid } from '@parley/kernel/database';
import { Refusal } from '@parley/kernel/refusal';
import type { Tx } from './database.ts';

/** @throws Refusal NOT_FOUND, also for another organization's */
export const requirePartner = async (tx: Pick<Tx, 'partner'>, tenantId: string, id: string): Promise<void> => {
  const found = isUuid(id) ? await tx.partner.findUnique({ where: { tenantId_id: { tenantId, id } } }) : null;
  if (found === null) throw new Refusal('NOT_FOUND', 'There is no such partner.');
};
