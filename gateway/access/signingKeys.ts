import type { webcrypto } from 'node:crypto';
import { importJWK } from 'jose';
import type { Call, CallSubgraph } from '../calls/subgraphRequest.ts';
import { isObject } from '../execution/ownKeys.ts';
import type { Log } from '../log.ts';

export type SigningKeys = {
  /** The key of that id, fetched anew (at most every 5 s) when it is not known; null when there is none. */
  find(kid: string, call: Call): Promise<webcrypto.CryptoKey | null>;
};

const query = 'query SigningKeys { signingKeys { kid jwk } }';
const mostKeys = 20;
const refetchMs = 5000;
/** Keys this old are fetched anew beside the request that finds them so, and before it after the second time. */
const staleMs = 60_000;
const expiredMs = 300_000;

/** The public keys of the auth subgraph. While it is down the keys we have go on being used (G44). */
export const createSigningKeys = (callSubgraph: CallSubgraph, log: Log, now: () => number = Date.now): SigningKeys => {
  let keys: ReadonlyMap<string, webcrypto.CryptoKey> = new Map();
  let triedAt = Number.NEGATIVE_INFINITY;
  let fetching: Promise<void> | null = null;

  const fetchKeys = async (call: Call): Promise<void> => {
    triedAt = now();
    try {
      const { data, errors } = await callSubgraph(
        'auth',
        { query, operationName: 'SigningKeys' },
        { actor: null, requestId: call.requestId },
      );
      if (!Array.isArray(data?.['signingKeys'])) throw new Error(errors?.[0]?.message ?? 'signingKeys is not a list');
      keys = await importKeys(data['signingKeys'].slice(0, mostKeys), log);
    } catch (err) {
      log.warn({ err }, 'signing keys could not be fetched, those known stay in use');
    }
  };
  const refresh = (call: Call): Promise<void> => {
    fetching ??= fetchKeys(call).finally(() => {
      fetching = null;
    });
    return fetching;
  };

  return {
    find: async (kid, call) => {
      const known = keys.get(kid);
      if (known === undefined) {
        if (fetching !== null || now() - triedAt >= refetchMs) await refresh(call);
        return keys.get(kid) ?? null;
      }
      const age = now() - triedAt;
      if (age < staleMs) return known;
      const refreshed = refresh(call);
      if (age < expiredMs) return known;
      await refreshed;
      return keys.get(kid) ?? null;
    },
  };
};

/** Only P-256 public keys for signatures: anything else is refused when it is loaded, not when it is used (G43). */
const importKeys = async (items: readonly unknown[], log: Log): Promise<Map<string, webcrypto.CryptoKey>> => {
  const keys = new Map<string, webcrypto.CryptoKey>();
  for (const item of items) {
    if (!isObject(item) || typeof item['kid'] !== 'string' || typeof item['jwk'] !== 'string') continue;
    try {
      const { kty, crv, x, y } = JSON.parse(item['jwk']) as Record<string, unknown>;
      if (kty !== 'EC' || crv !== 'P-256' || typeof x !== 'string' || typeof y !== 'string')
        throw new Error('not a P-256 key');
      const key = await importJWK({ kty, crv, x, y }, 'ES256');
      if (!(key instanceof Uint8Array)) keys.set(item['kid'], key as webcrypto.CryptoKey);
    } catch (err) {
      log.warn({ err, kid: item['kid'] }, 'a signing key is unfit and left out');
    }
  }
  return keys;
};
