import type { Actor } from '@parley/kernel/actor';
import { type Call, SubgraphFailure } from '../calls/subgraphRequest.ts';
import { refusal } from '../errors.ts';
import { verifyAccessToken } from './accessToken.ts';
import { type ApiKeys, apiKeyShape } from './apiKeys.ts';
import type { Revocations } from './revocations.ts';
import type { SigningKeys } from './signingKeys.ts';

/** Who is calling. `actor` is null for nobody in particular, who may sign up or in. */
export type Caller = {
  readonly actor: Actor | null;
  /** A key that runs published documents and nothing else. */
  readonly persistedOnly: boolean;
};
/** From the value of an Authorization header. Throws a refusal (401, or 503 while auth cannot answer). */
export type Authenticate = (authorization: string | undefined, call: Call) => Promise<Caller>;

export const anonymous: Caller = { actor: null, persistedOnly: false };

/** What a published document may do in the name of its key: what the organization's MANAGER may. */
const persistedScopes = [
  'conversations:read',
  'conversations:write',
  'agents:read',
  'knowledge:read',
  'voices:read',
  'analytics:read',
] as const;

export const createAuthenticate =
  (keys: SigningKeys, apiKeys: ApiKeys, revocations: Revocations): Authenticate =>
  async (authorization, call) => {
    if (authorization === undefined) return anonymous;
    const [, credential] = /^Bearer ([^\s]+)$/i.exec(authorization) ?? [];
    if (credential === undefined) throw unauthenticated();
    const actor = apiKeyShape.test(credential)
      ? await apiKeys.find(credential, call).catch((error: unknown) => {
          throw authUnavailable(error);
        })
      : await verifyAccessToken(credential, keys, call);
    if (actor === null || revocations.has(actor)) throw unauthenticated();
    return toCaller(actor);
  };

const toCaller = (actor: Actor): Caller => {
  const persistedOnly = actor.kind === 'API_KEY' && actor.scopes.length === 1 && actor.scopes[0] === 'persisted';
  return { actor: persistedOnly ? { ...actor, scopes: persistedScopes } : actor, persistedOnly };
};

/** One answer for every bad credential: it says nothing about what was wrong with it. */
export const unauthenticated = () =>
  refusal('UNAUTHENTICATED', 'The credential is missing, wrong or no longer valid.', 401);

const authUnavailable = (error: unknown) => {
  const code = error instanceof SubgraphFailure ? error.code : 'SUBGRAPH_UNAVAILABLE';
  return refusal(code, 'Who you are cannot be checked right now. Try again.', 503);
};
