import type { Sealed } from '@parley/kernel/event';
import type { SubjectCipher, SubjectKeys } from '@parley/kernel/subjectCipher';
import type { Tx } from './database.ts';

/** The wrapped keys of one tenant's subjects, as seen by a transaction. */
export const subjectKeys = (tx: Tx, tenantId: string): SubjectKeys => ({
  find: async (subjectId) =>
    (await tx.subjectKey.findUnique({ where: { tenantId_subjectId: { tenantId, subjectId } } }))?.wrappedKey ?? null,
  insert: async (subjectId, wrapped) => {
    await tx.subjectKey.createMany({
      data: [{ tenantId, subjectId, wrappedKey: Uint8Array.from(wrapped) }],
      skipDuplicates: true,
    });
    const { wrappedKey } = await tx.subjectKey.findUniqueOrThrow({
      where: { tenantId_subjectId: { tenantId, subjectId } },
    });
    return wrappedKey;
  },
});

/** Seals what a conversation's parties said or are called, under the contact's key, or the conversation's when nobody is named. */
export const sealFor = (
  cipher: SubjectCipher,
  tx: Tx,
  tenantId: string,
  subjectId: string,
): ((place: string, text: string) => Promise<Sealed>) => {
  const keys = subjectKeys(tx, tenantId);
  return (place, text) => cipher.seal(keys, tenantId, subjectId, place, text);
};
