import type { Role } from '@parley/kernel/actor';
import { uuidv7 } from '@parley/kernel/id';
import { SignJWT } from 'jose';
import { scopesOfRole } from '../domain/roles.ts';
import { type SigningKeys, signingAlgorithm } from './signingKeys.ts';

/** Seconds that a person's token and a visitor's are good for. */
export const accessTokenSeconds = 5 * 60;
export const visitorTokenSeconds = 60 * 60;

/** Signed JWTs (RFC 9068 for their type): the gateway makes an Actor of each. */
export type Tokens = {
  access(user: { id: string; tenantId: string; role: Role; sessionId: string }): Promise<string>;
  /** What a customer's browser holds: one conversation and nothing else. */
  visitor(tenantId: string, conversationId: string): Promise<string>;
};

export const openTokens = (keys: SigningKeys, clock: () => Date): Tokens => {
  const sign = async (subject: string, seconds: number, claims: Readonly<Record<string, string>>): Promise<string> => {
    const { kid, key } = await keys.current();
    const now = Math.floor(clock().getTime() / 1000);
    return new SignJWT(claims)
      .setProtectedHeader({ alg: signingAlgorithm, kid, typ: 'at+jwt' })
      .setIssuer('parley')
      .setAudience('parley')
      .setSubject(subject)
      .setJti(uuidv7())
      .setIssuedAt(now)
      .setExpirationTime(now + seconds)
      .sign(key);
  };
  return {
    access: ({ id, tenantId, role, sessionId }) =>
      sign(id, accessTokenSeconds, {
        tid: tenantId,
        kind: 'USER',
        role,
        scope: scopesOfRole[role].join(' '),
        sid: sessionId,
      }),
    visitor: (tenantId, conversationId) =>
      sign(conversationId, visitorTokenSeconds, {
        tid: tenantId,
        kind: 'VISITOR',
        cid: conversationId,
        scope: 'visitor',
      }),
  };
};
