import { requireActor } from '@parley/kernel/builder';
import { appendEvents } from '@parley/kernel/eventStore';
import { uuidv7 } from '@parley/kernel/id';
import { checkKnowledgeBaseName } from '../domain/knowledgeBase.ts';
import type { KnowledgeBaseCreated } from '../events.ts';
import { transaction } from '../infrastructure/database.ts';
import type { Caller, Parts } from './parts.ts';

/**
 * @returns the new knowledge base's id
 * @throws Refusal INVALID_INPUT
 */
export const createKnowledgeBase = async (
  parts: Parts,
  caller: Caller,
  { name }: { name: string },
): Promise<string> => {
  const actor = requireActor(caller);
  checkKnowledgeBaseName(name);
  const id = uuidv7();
  const now = parts.clock();
  const event: KnowledgeBaseCreated = { type: 'agent.KnowledgeBaseCreated', data: { knowledgeBaseId: id } };
  await transaction(parts.database.forTenant(actor.tenantId), async (tx) => {
    await tx.knowledgeBase.create({
      data: { tenantId: actor.tenantId, id, name, createdAt: now },
      select: { id: true },
    });
    await appendEvents(tx, 'agent', [{ aggregateId: id, event }], { actor, now });
  });
  parts.eventsCommitted();
  return id;
};
