import type { Actor } from '@parley/kernel/actor';
import { refuseProblems } from '../domain/input.ts';
import { normaliseName } from '../domain/name.ts';
import { transaction } from '../infrastructure/database.ts';
import { requirePartner } from '../infrastructure/partners.ts';
import { upsertDocuments } from '../infrastructure/persistedDocuments.ts';
import { type AuthParts, announce, recordOfOrganization } from './auth.ts';
import { type ManifestEntry, manifestProblems } from './persistedManifest.ts';

/**
 * Publishes documents for a partner, or for the organization itself: all of them or none.
 * @returns their ids, in the manifest's order
 * @throws Refusal INVALID_INPUT with an issue per document, NOT_FOUND (the partner)
 */
export const publishPersistedDocuments = async (
  auth: AuthParts,
  actor: Actor,
  { partnerId, manifest }: { partnerId: string | null; manifest: readonly ManifestEntry[] },
): Promise<string[]> => {
  const { tenantId } = actor;
  const database = auth.database.forTenant(tenantId);
  if (partnerId !== null) await requirePartner(database, tenantId, partnerId);
  refuseProblems(await manifestProblems(auth.publicSchema(), manifest));
  const now = auth.clock();
  const named = manifest.map(({ name, body }) => ({ name: normaliseName(name), body }));
  const documents = await transaction(database, async (tx) => {
    const rows = await upsertDocuments(tx, partnerId, named, now);
    const hashes = rows.map(({ hash }) => hash);
    const published = { type: 'auth.PersistedDocumentsPublished', data: { partnerId, hashes } } as const;
    await recordOfOrganization(tx, tenantId, [published], { actor, now });
    return rows;
  });
  await announce(auth);
  return documents.map(({ id }) => id);
};
