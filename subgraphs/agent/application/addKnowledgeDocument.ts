import { requireActor } from '@parley/kernel/builder';
import { isUuid } from '@parley/kernel/database';
import { appendEvents } from '@parley/kernel/eventStore';
import { uuidv7 } from '@parley/kernel/id';
import { Refusal } from '@parley/kernel/refusal';
import { checkDocument, passagesOf } from '../domain/knowledgeBase.ts';
import type { KnowledgeDocumentAdded } from '../events.ts';
import { transaction } from '../infrastructure/database.ts';
import { insertPassages, nextVersion } from '../infrastructure/knowledgeDocuments.ts';
import type { Caller, Parts } from './parts.ts';

const noKnowledgeBase = () =>
  new Refusal('NOT_FOUND', 'There is no such knowledge base.', {
    issues: [{ path: ['knowledgeBaseId'], message: 'is not the id of a knowledge base' }],
  });

/**
 * @returns the new document's id; it can be searched and cited from now on
 * @throws Refusal INVALID_INPUT, NOT_FOUND
 */
export const addKnowledgeDocument = async (
  parts: Parts,
  caller: Caller,
  input: { knowledgeBaseId: string; title: string; text: string },
): Promise<string> => {
  const actor = requireActor(caller);
  const { tenantId } = actor;
  const { bytes, language } = checkDocument(input);
  const { knowledgeBaseId, title, text } = input;
  if (!isUuid(knowledgeBaseId)) throw noKnowledgeBase();
  const passages = passagesOf(text);
  const id = uuidv7();
  const now = parts.clock();
  const client = parts.database.forTenant(tenantId);
  await transaction(client, async (tx) => {
    const version = await nextVersion(tx, knowledgeBaseId, 'ADDED');
    if (version === null) throw noKnowledgeBase();
    await tx.knowledgeDocument.create({
      data: { tenantId, id, knowledgeBaseId, title, text, language, bytes, addedVersion: version, createdAt: now },
      select: { id: true },
    });
    await insertPassages(tx, id, passages);
    const event: KnowledgeDocumentAdded = {
      type: 'agent.KnowledgeDocumentAdded',
      data: { knowledgeBaseId, documentId: id, version, language, bytes, passageCount: passages.length },
    };
    await appendEvents(tx, 'agent', [{ aggregateId: knowledgeBaseId, event }], { actor, now });
  });
  parts.eventsCommitted();
  parts.knowledge
    .prepare({ client, tenantId, knowledgeBaseId })
    .catch((error: unknown) =>
      parts.log.warn({ err: error, knowledgeBaseId }, 'knowledge is indexed when first asked'),
    );
  return id;
};
