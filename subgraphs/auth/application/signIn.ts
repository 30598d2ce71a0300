import { Refusal } from '@parley/kernel/refusal';
import { normaliseEmail } from '../domain/email.ts';
import { passwordBytes, passwordProblem } from '../domain/password.ts';
import { acceptedStep } from '../domain/totp.ts';
import type { UserEvent } from '../events.ts';
import { becomeGate, gate, transaction } from '../infrastructure/database.ts';
import { startSession } from '../infrastructure/sessions.ts';
import { openTotpSecret } from '../infrastructure/totpSecrets.ts';
import { type AuthParts, announce, invalidCredentials, recordOfUser, type SignedIn } from './auth.ts';

type Credential = { tenantId: string; userId: string; passwordHash: string };

/**
 * Opens a session for who knows the password and, where one is enrolled, the second factor. An unknown e-mail gets the
 * same sentence after the same work as a wrong password.
 * @throws Refusal INVALID_CREDENTIALS, TOTP_REQUIRED, RATE_LIMITED
 */
export const signIn = (
  auth: AuthParts,
  input: { email: string; password: string; totp: string | null },
): Promise<SignedIn> => {
  const email = normaliseEmail(input.email);
  // What could never be a password is compared all the same, as an empty one.
  const password = passwordProblem(input.password) === null ? passwordBytes(input.password) : Buffer.alloc(0);
  return auth.throttle.inTurn(email, async (attempt) => {
    // PostgreSQL's text holds neither NUL nor half a surrogate pair: no registered e-mail does.
    const storable = email.isWellFormed() && !email.includes('\0');
    const credential = storable ? await gate(auth.database).credential.findUnique({ where: { email } }) : null;
    const matches = await auth.passwords.matches(credential?.passwordHash ?? null, password);
    if (credential === null || !matches) {
      await attempt.wrong();
      if (credential !== null) recordFailure(auth, credential, 'PASSWORD');
      throw invalidCredentials();
    }
    let totpLastStep: bigint | null = null;
    if (credential.totpSecret !== null) {
      if (input.totp === null) throw new Refusal('TOTP_REQUIRED', 'Give the code that your authenticator app shows.');
      const secret = openTotpSecret(auth.masterKey, credential, credential.totpSecret);
      const last = credential.totpLastStep === null ? null : Number(credential.totpLastStep);
      const step = acceptedStep(secret, input.totp, auth.clock(), last);
      if (step === null) {
        await attempt.wrong(2);
        recordFailure(auth, credential, 'TOTP');
        throw invalidCredentials();
      }
      totpLastStep = BigInt(step);
    }
    const passwordHash = auth.passwords.isOutdated(credential.passwordHash)
      ? await auth.passwords.hash(password)
      : null;
    const signedIn = await open(auth, credential, { passwordHash, totpLastStep });
    await attempt.right();
    return signedIn;
  });
};

/** The session, with what changes in the credential by using it: a code is used up, an old hash is renewed. */
const open = async (
  auth: AuthParts,
  { tenantId, userId, passwordHash: comparedHash }: Credential,
  changes: { passwordHash: string | null; totpLastStep: bigint | null },
): Promise<SignedIn> => {
  const now = auth.clock();
  const { role, session } = await transaction(auth.database.forTenant(tenantId), async (tx) => {
    const membership = await tx.membership.findUnique({ where: { tenantId_userId: { tenantId, userId } } });
    if (membership === null) throw invalidCredentials();
    const started = await startSession(tx, tenantId, userId, now);
    const signedIn: UserEvent = {
      type: 'auth.UserSignedIn',
      data: { userId, sessionId: started.sessionId, secondFactor: changes.totpLastStep !== null },
    };
    await recordOfUser(tx, userId, [signedIn], { actor: { kind: 'USER', id: userId }, now });
    if (changes.totpLastStep !== null || changes.passwordHash !== null) await becomeGate(tx);
    if (changes.totpLastStep !== null) {
      const { count } = await tx.credential.updateMany({
        where: {
          tenantId,
          userId,
          OR: [{ totpLastStep: null }, { totpLastStep: { lt: changes.totpLastStep } }],
        },
        data: { totpLastStep: changes.totpLastStep },
      });
      // Somebody used the same code a moment ago.
      if (count === 0) throw invalidCredentials();
    }
    if (changes.passwordHash !== null) {
      await tx.credential.updateMany({
        where: { tenantId, userId, passwordHash: comparedHash },
        data: { passwordHash: changes.passwordHash },
      });
    }
    return { role: membership.role, session: started };
  });
  await announce(auth);
  const user = { id: userId, tenantId, sessionId: session.sessionId };
  return { accessToken: await auth.tokens.access({ ...user, role }), refreshToken: session.refreshToken, user };
};

/** Not waited for: an unknown e-mail has no such record, and must not be answered sooner. */
const recordFailure = (auth: AuthParts, { tenantId, userId }: Credential, reason: 'PASSWORD' | 'TOTP') =>
  auth.inBackground(async () => {
    await transaction(auth.database.forTenant(tenantId), (tx) =>
      recordOfUser(tx, userId, [{ type: 'auth.SignInFailed', data: { userId, reason } }], {
        actor: { kind: 'SERVICE', id: 'auth' },
        now: auth.clock(),
      }),
    );
    await announce(auth);
  });
