import type { Sealed } from '@parley/kernel/event';
import type { Query } from '@parley/kernel/sql';
import type { SubjectCipher, SubjectKeys } from '@parley/kernel/subjectCipher';

const find =
  'SELECT wrapped_key AS key FROM sales.subject_key WHERE tenant_id = platform.tenant_id() AND subject_id = $1::uuid';
const insert = `INSERT INTO sales.subject_key (tenant_id, subject_id, wrapped_key) VALUES (platform.tenant_id(), $1::uuid, $2)
  ON CONFLICT DO NOTHING RETURNING wrapped_key AS key`;

/** The wrapped keys of one tenant's subjects, as seen by a statement or a transaction. */
export const subjectKeys = (query: Query): SubjectKeys => {
  const keyOf = async (subjectId: string) => (await query<{ key: Buffer }>(find, [subjectId]))[0]?.key ?? null;
  return {
    find: keyOf,
    insert: async (subjectId, wrapped) => {
      const [inserted] = await query<{ key: Buffer }>(insert, [subjectId, wrapped]);
      const key = inserted?.key ?? (await keyOf(subjectId));
      if (key === null) throw new Error('the subject’s key was not kept');
      return key;
    },
  };
};

/** Seals what a conversation's parties said or are called, under the contact's key, or the conversation's when nobody is named. */
export const sealFor = (
  cipher: SubjectCipher,
  query: Query,
  tenantId: string,
  subjectId: string,
): ((place: string, text: string) => Promise<Sealed>) => {
  const keys = subjectKeys(query);
  return (place, text) => cipher.seal(keys, tenantId, subjectId, place, text);
};
