import { createHash } from 'node:crypto';
import type { Actor } from '@parley/kernel/actor';
import { LRUCache } from 'lru-cache';
import type { Call, CallSubgraph } from '../calls/subgraphRequest.ts';
import { isObject } from '../execution/ownKeys.ts';

export const apiKeyShape = /^pk_[A-Za-z0-9]{1,32}_[A-Za-z0-9_-]{43}$/;

export type ApiKeys = {
  /** The actor of a key, or null for one that is unknown, revoked or expired. Rejects while auth cannot answer. */
  find(secret: string, call: Call): Promise<Actor | null>;
};

const query = `query ApiKeyActor($secretHash: String!) {
  apiKeyActor(secretHash: $secretHash) { id tenantId scopes partnerId }
}`;
const knownMs = 10_000;
const unknownMs = 2000;

/** Keys are looked up by the sha256 of the whole secret: the secret itself goes nowhere and is kept nowhere. */
export const createApiKeys = (callSubgraph: CallSubgraph): ApiKeys => {
  const cache = new LRUCache<string, { actor: Actor | null }>({ max: 10_000 });
  const underWay = new Map<string, Promise<Actor | null>>();

  const fetchActor = async (secretHash: string, call: Call): Promise<Actor | null> => {
    const operation = { query, operationName: 'ApiKeyActor', variables: { secretHash } };
    const { data, errors } = await callSubgraph('auth', operation, { actor: null, requestId: call.requestId });
    if (!data || errors?.length) throw new Error(errors?.[0]?.message ?? 'auth gave no answer');
    const actor = toActor(data['apiKeyActor']);
    cache.set(secretHash, { actor }, { ttl: actor === null ? unknownMs : knownMs });
    return actor;
  };

  return {
    find: async (secret, call) => {
      const secretHash = createHash('sha256').update(secret).digest('hex');
      const cached = cache.get(secretHash);
      if (cached) return cached.actor;
      const waiting = underWay.get(secretHash);
      if (waiting) return waiting;
      const fetching = fetchActor(secretHash, call).finally(() => underWay.delete(secretHash));
      underWay.set(secretHash, fetching);
      return fetching;
    },
  };
};

const toActor = (value: unknown): Actor | null => {
  if (!isObject(value)) return null;
  const { id, tenantId, scopes, partnerId } = value;
  if (typeof id !== 'string' || typeof tenantId !== 'string' || !Array.isArray(scopes)) return null;
  return {
    kind: 'API_KEY',
    id,
    tenantId,
    role: null,
    scopes: scopes.filter((scope) => typeof scope === 'string'),
    partnerId: typeof partnerId === 'string' ? partnerId : null,
    conversationId: null,
    sessionId: null,
    expiresAt: null,
  };
};
