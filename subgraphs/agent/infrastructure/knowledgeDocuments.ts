import { uuidv7 } from '@parley/kernel/id';
import type { Tx } from './database.ts';

/** Holds the knowledge base's row until the transaction ends, so versions and documents become visible in order. @returns the new version, or null where there is no such knowledge base */
export const nextVersion = async (
  tx: Tx,
  knowledgeBaseId: string,
  change: 'ADDED' | 'REMOVED',
): Promise<number | null> => {
  const [row] = await tx.$queryRaw<{ version: number }[]>`
    UPDATE agent.knowledge_base
    SET version = version + 1, removal_version = CASE WHEN ${change} = 'REMOVED' THEN version + 1 ELSE removal_version END
    WHERE tenant_id = platform.tenant_id() AND id = ${knowledgeBaseId}::uuid RETURNING version`;
  return row?.version ?? null;
};

/** One statement for any number of passages: its text stays the same, so its plan is kept once. */
export const insertPassages = async (tx: Tx, documentId: string, texts: readonly string[]): Promise<void> => {
  if (texts.length === 0) return;
  const ids = texts.map(() => uuidv7());
  await tx.$executeRaw`
    INSERT INTO agent.passage (tenant_id, id, document_id, position, text)
    SELECT platform.tenant_id(), p.id, ${documentId}::uuid, p.position, p.text
    FROM unnest(${ids}::uuid[], ${[...texts]}::text[]) WITH ORDINALITY AS p(id, text, position)`;
};
