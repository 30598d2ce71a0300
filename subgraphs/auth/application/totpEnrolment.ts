import { randomBytes } from 'node:crypto';
import type { Actor } from '@parley/kernel/actor';
import { Refusal } from '@parley/kernel/refusal';
import { passwordBytes, passwordProblem } from '../domain/password.ts';
import { acceptedStep, base32 } from '../domain/totp.ts';
import { becomeGate, gate, transaction } from '../infrastructure/database.ts';
import { openTotpSecret, sealTotpSecret } from '../infrastructure/totpSecrets.ts';
import { type AuthParts, announce, invalidCredentials, recordOfUser } from './auth.ts';

const secretBytes = 20; // RFC 4226 §4: 160 bits

const credentialOf = async (auth: AuthParts, actor: Actor) => {
  const where = { tenantId_userId: { tenantId: actor.tenantId, userId: actor.id } };
  const found = actor.kind === 'USER' ? await gate(auth.database).credential.findUnique({ where }) : null;
  if (found === null) throw new Refusal('NOT_FOUND', 'Only a person who signs in with a password has a second factor.');
  if (found.totpSecret !== null) throw new Refusal('CONFLICT', 'A second factor is enrolled already.');
  return found;
};

/**
 * Offers a secret for an authenticator app. The password is asked for again: a session that was left open is not enough.
 * Nothing changes until a code of it is confirmed.
 * @throws Refusal INVALID_CREDENTIALS, RATE_LIMITED, CONFLICT, NOT_FOUND
 */
export const beginTotpEnrolment = async (
  auth: AuthParts,
  actor: Actor,
  { password }: { password: string },
): Promise<{ secret: string; uri: string }> => {
  const { tenantId, userId, email, passwordHash } = await credentialOf(auth, actor);
  const given = passwordProblem(password) === null ? passwordBytes(password) : Buffer.alloc(0);
  await auth.throttle.inTurn(email, async (attempt) => {
    if (await auth.passwords.matches(passwordHash, given)) return;
    await attempt.wrong();
    throw invalidCredentials();
  });
  const secret = randomBytes(secretBytes);
  await gate(auth.database).credential.updateMany({
    where: { tenantId, userId, totpSecret: null },
    data: { totpOffered: sealTotpSecret(auth.masterKey, { tenantId, userId }, secret) },
  });
  const encoded = base32(secret);
  return {
    secret: encoded,
    uri: `otpauth://totp/${encodeURIComponent(`Parley:${email}`)}?secret=${encoded}&issuer=Parley`,
  };
};

/**
 * The app shows the right code: from now on signing in needs one.
 * @throws Refusal INVALID_CREDENTIALS, RATE_LIMITED, CONFLICT, NOT_FOUND
 */
export const confirmTotpEnrolment = async (auth: AuthParts, actor: Actor, { code }: { code: string }) => {
  const { tenantId, userId, email, totpOffered } = await credentialOf(auth, actor);
  if (totpOffered === null) throw new Refusal('NOT_FOUND', 'No enrolment was begun.');
  const secret = openTotpSecret(auth.masterKey, { tenantId, userId }, totpOffered);
  const now = auth.clock();
  const step = await auth.throttle.inTurn(email, async (attempt) => {
    const accepted = acceptedStep(secret, code, now, null);
    if (accepted !== null) return accepted;
    await attempt.wrong(2);
    throw invalidCredentials();
  });
  await transaction(auth.database.forTenant(tenantId), async (tx) => {
    await recordOfUser(tx, userId, [{ type: 'auth.TotpEnrolled', data: { userId } }], { actor, now });
    await becomeGate(tx);
    const { count } = await tx.credential.updateMany({
      where: { tenantId, userId, totpSecret: null, totpOffered },
      data: { totpSecret: totpOffered, totpOffered: null, totpLastStep: BigInt(step) },
    });
    if (count === 0) throw new Refusal('CONFLICT', 'Another enrolment was begun meanwhile.');
  });
  await announce(auth);
};
