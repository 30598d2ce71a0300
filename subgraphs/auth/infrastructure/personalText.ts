import type { SubjectKeys } from '@parley/kernel/subjectCipher';
import type { Tx } from './database.ts';

/** The wrapped keys of one tenant's subjects, as seen by a transaction. */
export const subjectKeys = (tx: Tx, tenantId: string): SubjectKeys => ({
  find: async (subjectId) =>
    (await tx.subjectKey.findUnique({ where: { tenantId_subjectId: { tenantId, subjectId } } }))?.wrappedKey ?? null,
  insert: async (subjectId, wrapped) => {
    const wrappedKey = Uint8Array.from(wrapped);
    await tx.subjectKey.createMany({ data: [{ tenantId, subjectId, wrappedKey }], skipDuplicates: true });
    const row = await tx.subjectKey.findUniqueOrThrow({ where: { tenantId_subjectId: { tenantId, subjectId } } });
    return row.wrappedKey;
  },
});
