import { type Actor, type Role, roles } from '@parley/kernel/actor';
import { decodeProtectedHeader, type JWTPayload, jwtVerify } from 'jose';
import type { Call } from '../calls/subgraphRequest.ts';
import type { SigningKeys } from './signingKeys.ts';

const mostBytes = 8192;
const shape = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/;
/** Longest life of a token: an hour, and five minutes for the refresh around it. */
const maxAgeSeconds = 65 * 60;
const toleranceSeconds = 5;
/** Headers that would let a token bring or name its own key; `crit` and `b64` change what is signed. */
const forbiddenHeaders = ['jwk', 'jku', 'x5u', 'x5c', 'crit', 'b64'] as const;

/**
 * The actor of an access or visitor token (ES256, RFC 9068 `at+jwt`), or null for any token that is not exactly as ours
 * are made. Never fetches anything a token names.
 */
export const verifyAccessToken = async (token: string, keys: SigningKeys, call: Call): Promise<Actor | null> => {
  if (token.length > mostBytes || !shape.test(token)) return null;
  try {
    const header = decodeProtectedHeader(token);
    if (header.alg !== 'ES256' || typeof header.kid !== 'string' || header.kid.length > 200) return null;
    if (forbiddenHeaders.some((name) => Object.hasOwn(header, name))) return null;
    const key = await keys.find(header.kid, call);
    if (key === null) return null;
    const { payload } = await jwtVerify(token, key, {
      algorithms: ['ES256'],
      issuer: 'parley',
      audience: 'parley',
      typ: 'at+jwt',
      requiredClaims: ['sub', 'tid', 'kind', 'scope', 'jti', 'iat', 'exp'],
      maxTokenAge: maxAgeSeconds,
      clockTolerance: toleranceSeconds,
    });
    return toActor(payload);
  } catch {
    return null;
  }
};

const toActor = ({ sub, tid, kind, role, scope, sid, cid, jti, iat, exp }: JWTPayload): Actor | null => {
  if (!isId(sub) || !isId(tid) || !isId(jti) || typeof scope !== 'string') return null;
  if (typeof iat !== 'number' || typeof exp !== 'number' || exp - iat > maxAgeSeconds) return null;
  const scopes = scope.split(' ').filter((item) => item !== '');
  const shared = { id: sub, tenantId: tid, scopes, partnerId: null, expiresAt: exp };
  if (kind === 'VISITOR')
    return isId(cid) ? { ...shared, kind, role: null, conversationId: cid, sessionId: null } : null;
  if (kind !== 'USER' || !isRole(role) || (sid !== undefined && !isId(sid))) return null;
  return { ...shared, kind, role, conversationId: null, sessionId: sid ?? null };
};

const isId = (value: unknown): value is string => typeof value === 'string' && value.length > 0 && value.length <= 200;
const isRole = (value: unknown): value is Role => roles.some((role) => role === value);
