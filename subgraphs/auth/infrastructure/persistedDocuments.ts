import { createHash } from 'node:crypto';
import { uuidv7 } from '@parley/kernel/id';
import type { Tx } from './database.ts';

/** sha256 of the body exactly as given, lower-case hex: what clients send instead of the text. */
export const documentHash = (body: string): string => createHash('sha256').update(body).digest('hex');

/** Adds documents; what was published before keeps working, and the same text again only takes the new name. @returns id and hash of each, in the given order */
export const upsertDocuments = async (
  tx: Tx,
  partnerId: string | null,
  documents: readonly { name: string; body: string }[],
  now: Date,
): Promise<{ id: string; hash: string }[]> => {
  const given = documents.map(({ name, body }) => ({ id: uuidv7(), name, body, hash: documentHash(body) }));
  const rows = await tx.$queryRaw<{ id: string; hash: string }[]>`
    INSERT INTO identity.persisted_document AS existing (tenant_id, id, partner_id, name, hash, body, created_at)
    SELECT platform.tenant_id(), id, ${partnerId}::uuid, name, hash, body, ${now}::timestamptz
    FROM jsonb_to_recordset(${JSON.stringify(given)}::jsonb) AS d(id uuid, name text, hash text, body text)
    ON CONFLICT (tenant_id, partner_id, hash) DO UPDATE SET name = excluded.name
    RETURNING id, hash`;
  const byHash = new Map(rows.map((row) => [row.hash, row]));
  return given.flatMap(({ hash }) => byHash.get(hash) ?? []);
};
