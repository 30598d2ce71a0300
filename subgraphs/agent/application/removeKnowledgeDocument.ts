import { requireActor } from '@parley/kernel/builder';
import { isUuid } from '@parley/kernel/database';
import { appendEvents } from '@parley/kernel/eventStore';
import { Refusal } from '@parley/kernel/refusal';
import type { KnowledgeDocumentRemoved } from '../events.ts';
import { transaction } from '../infrastructure/database.ts';
import { nextVersion } from '../infrastructure/knowledgeDocuments.ts';
import type { Caller, Parts } from './parts.ts';

const noDocument = () =>
  new Refusal('NOT_FOUND', 'There is no such document.', {
    issues: [{ path: ['documentId'], message: 'is not the id of a document' }],
  });

/** From its return on, no search finds the document and no new reply rests on it. @throws Refusal NOT_FOUND */
export const removeKnowledgeDocument = async (parts: Parts, caller: Caller, documentId: string): Promise<void> => {
  const actor = requireActor(caller);
  const { tenantId } = actor;
  if (!isUuid(documentId)) throw noDocument();
  const now = parts.clock();
  await transaction(parts.database.forTenant(tenantId), async (tx) => {
    const where = { tenantId_id: { tenantId, id: documentId } };
    const document = await tx.knowledgeDocument.findUnique({ where, select: { knowledgeBaseId: true } });
    if (document === null) throw noDocument();
    const { knowledgeBaseId } = document;
    // The knowledge base first, as in adding: two changes at once wait for each other instead of meeting crosswise.
    const version = await nextVersion(tx, knowledgeBaseId, 'REMOVED');
    const { count } = await tx.knowledgeDocument.deleteMany({ where: { tenantId, id: documentId } });
    if (version === null || count === 0) throw noDocument();
    const event: KnowledgeDocumentRemoved = {
      type: 'agent.KnowledgeDocumentRemoved',
      data: { knowledgeBaseId, documentId, version },
    };
    await appendEvents(tx, 'agent', [{ aggregateId: knowledgeBaseId, event }], { actor, now });
  });
  parts.eventsCommitted();
};
