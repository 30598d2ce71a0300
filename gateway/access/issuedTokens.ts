import type { Actor } from '@parley/kernel/actor';
import { createRemoteJWKSet, errors, type JWTPayload, jwtVerify } from 'jose';
import { refusal } from '../errors.ts';
import type { Log } from '../log.ts';
import { type Authenticate, anonymous, unauthenticated } from './authenticate.ts';

/** Somebody else's tokens: where their keys are published (RFC 7517), and what the tokens must say. */
export type TokenIssuer = {
  readonly jwksUrl: string;
  readonly issuer: string;
  readonly audience: string;
  /** The claim that lists the policies a caller fulfils. */
  readonly policiesClaim: string;
};

const mostBytes = 8192;
const algorithms = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
];
const fetchMs = 5000;
const toleranceSeconds = 5;

/**
 * Callers by the bearer tokens of an issuer that is not ours (RFC 9068, loosely: any `typ`, `scope` or `scp`). Keys are
 * fetched where we are told, never where a token says.
 */
export const authenticateIssued = (
  { jwksUrl, issuer, audience, policiesClaim }: TokenIssuer,
  log: Log,
): Authenticate => {
  const keys = createRemoteJWKSet(new URL(jwksUrl), { timeoutDuration: fetchMs, cooldownDuration: fetchMs });
  return async (authorization) => {
    if (authorization === undefined) return anonymous;
    const [, token] = /^Bearer ([^\s]+)$/i.exec(authorization) ?? [];
    if (token === undefined || token.length > mostBytes) throw unauthenticated();
    try {
      const { payload } = await jwtVerify(token, keys, {
        algorithms,
        issuer,
        audience,
        requiredClaims: ['sub', 'exp'],
        clockTolerance: toleranceSeconds,
      });
      return { actor: toActor(payload, policiesClaim), persistedOnly: false };
    } catch (error) {
      if (isAboutTheToken(error)) throw unauthenticated();
      log.error({ err: error }, 'the keys of GATEWAY_JWKS_URL cannot be fetched');
      throw refusal('SUBGRAPH_UNAVAILABLE', 'Who you are cannot be checked right now. Try again.', 503);
    }
  };
};

/** `sub` stands for the organization too: what one caller does holds up no other. */
const toActor = ({ sub = '', scope, scp, exp, ...claims }: JWTPayload, policiesClaim: string): Actor => ({
  kind: 'USER',
  id: sub,
  tenantId: sub,
  role: null,
  scopes: [...words(scope), ...words(scp)],
  policies: words(claims[policiesClaim]),
  partnerId: null,
  conversationId: null,
  sessionId: null,
  expiresAt: exp ?? null,
});

/** A list, or one text with spaces between, as claims have it. */
const words = (claim: unknown): string[] =>
  [claim].flat().flatMap((given) => (typeof given === 'string' ? given.split(' ').filter(Boolean) : []));

/** Everything jose says but that the keys did not come, or make no sense. */
const isAboutTheToken = (error: unknown): boolean =>
  error instanceof errors.JOSEError &&
  !(error instanceof errors.JWKSTimeout) &&
  !(error instanceof errors.JWKSInvalid) &&
  error.constructor !== errors.JOSEError;
