import { createHash } from 'node:crypto';
import type { Actor } from '@parley/kernel/actor';
import type { GraphQLError } from 'graphql';
import { LRUCache } from 'lru-cache';
import type { Caller } from '../access/authenticate.ts';
import type { Call, CallSubgraph } from '../calls/subgraphRequest.ts';
import { refusal } from '../errors.ts';
import { isObject } from '../execution/ownKeys.ts';
import type { TrustedDocuments } from './trustedDocuments.ts';

/** The parts of a request that say which document it is about. Anything may come in them. */
export type DocumentReference = {
  readonly query?: unknown;
  readonly documentId?: unknown;
  readonly extensions?: unknown;
};
export type ResolvedDocument = { readonly text: string; readonly isPublished: boolean };
export type PersistedDocuments = {
  /** What to run: the request's own text, or the published one it names; undefined where it has neither. Throws a refusal. */
  resolve(reference: DocumentReference, caller: Caller, call: Call): Promise<ResolvedDocument | undefined>;
};

const query = `query PublishedDocument($tenantId: ID!, $partnerId: ID, $hash: String!) {
  publishedDocument(tenantId: $tenantId, partnerId: $partnerId, hash: $hash) { body }
}`;
const knownMs = 10_000;
const unknownMs = 2000;
const hashShape = /^[0-9a-f]{64}$/;

/** `isPublisher`: whether there is an `auth` of ours, where partners publish. `onlyPublished`: no caller may send a text of its own. */
export const createPersistedDocuments = (parts: {
  readonly callSubgraph: CallSubgraph;
  readonly trusted: TrustedDocuments;
  readonly isPublisher: boolean;
  readonly onlyPublished: boolean;
}): PersistedDocuments => {
  const { callSubgraph, trusted, isPublisher, onlyPublished } = parts;
  const cache = new LRUCache<string, { body: string | null }>({ max: 10_000 });

  const published = async (hash: string, actor: Actor, call: Call): Promise<string | null> => {
    const { tenantId, partnerId } = actor;
    const key = JSON.stringify([tenantId, partnerId, hash]);
    const cached = cache.get(key);
    if (cached) return cached.body;
    const operation = { query, operationName: 'PublishedDocument', variables: { tenantId, partnerId, hash } };
    const { data, errors } = await callSubgraph('auth', operation, { actor: null, requestId: call.requestId }).catch(
      () => {
        throw unavailable();
      },
    );
    if (!data || errors?.length) throw unavailable();
    const document = data['publishedDocument'];
    const text = isObject(document) && typeof document['body'] === 'string' ? document['body'] : null;
    const body = text !== null && sha256(text) === hash ? text : null;
    cache.set(key, { body }, { ttl: body === null ? unknownMs : knownMs });
    return body;
  };

  return {
    resolve: async (reference, { actor, persistedOnly }, call) => {
      const text = typeof reference.query === 'string' && reference.query !== '' ? reference.query : undefined;
      if (persistedOnly && reference.query !== undefined && reference.query !== null && reference.query !== '')
        throw freeText();
      const bodyOf = async (hash: string): Promise<string | null> =>
        (persistedOnly ? undefined : trusted.bodyOf(hash)) ??
        (actor === null || !isPublisher ? null : await published(hash, actor, call));
      const hash = hashOf(reference);
      if (hash === null) {
        if (persistedOnly) throw freeText();
        if (text === undefined) return undefined;
        if (onlyPublished && (await bodyOf(sha256(text))) === null) throw publishedOnly();
        return { text, isPublished: false };
      }
      if (text !== undefined) {
        if (sha256(text) !== hash)
          throw refusal('PERSISTED_QUERY_HASH_MISMATCH', 'The hash is not that of the query sent with it.');
        if (onlyPublished && (await bodyOf(hash)) === null) throw publishedOnly();
        return { text, isPublished: false };
      }
      const body = await bodyOf(hash);
      if (body === null)
        throw refusal('PERSISTED_QUERY_NOT_FOUND', 'No document of that hash is published for this caller.');
      return { text: body, isPublished: true };
    },
  };
};

/** The hash a request names, by `documentId` or Apollo's extension; null for none. Throws for one that is misshapen (J05). */
const hashOf = ({ documentId, extensions }: DocumentReference): string | null => {
  const persisted = isObject(extensions) ? extensions['persistedQuery'] : undefined;
  const named = isObject(persisted) ? persisted['sha256Hash'] : undefined;
  const hasDocumentId = documentId !== undefined && documentId !== null;
  const hasPersisted = persisted !== undefined && persisted !== null;
  if (!hasDocumentId && !hasPersisted) return null;
  const fromId = typeof documentId === 'string' && documentId.startsWith('sha256:') ? documentId.slice(7) : undefined;
  const hash = hasDocumentId ? fromId : named;
  if (typeof hash !== 'string' || !hashShape.test(hash) || (hasDocumentId && hasPersisted && named !== hash))
    throw refusal('PERSISTED_QUERY_BAD_HASH', 'A document is named by "sha256:" and 64 lower-case hex digits.');
  return hash;
};

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

const freeText = (): GraphQLError =>
  refusal('PERSISTED_QUERY_ONLY', 'This key runs published documents only: send documentId, and no query.', 403);

const publishedOnly = (): GraphQLError =>
  refusal('PERSISTED_QUERY_ONLY', 'Only published documents run here: send the documentId of one.', 403);

const unavailable = (): GraphQLError =>
  refusal('SUBGRAPH_UNAVAILABLE', 'Published documents cannot be looked up right now. Try again.', 503);
