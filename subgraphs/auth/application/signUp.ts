import { uuidv7 } from '@parley/kernel/id';
import { Refusal } from '@parley/kernel/refusal';
import { emailProblem, normaliseEmail } from '../domain/email.ts';
import { refuseProblems } from '../domain/input.ts';
import { nameProblem, normaliseName } from '../domain/name.ts';
import { passwordBytes, passwordProblem } from '../domain/password.ts';
import { becomeGate, gate, isDuplicate, transaction } from '../infrastructure/database.ts';
import { subjectKeys } from '../infrastructure/personalText.ts';
import { startSession } from '../infrastructure/sessions.ts';
import { type AuthParts, announce, recordOfOrganization, recordOfUser, type SignedIn } from './auth.ts';

const emailTaken = () => new Refusal('EMAIL_TAKEN', 'There is an account with this e-mail.');

/**
 * A new organization with its owner, signed in.
 * @throws Refusal INVALID_INPUT, EMAIL_TAKEN
 */
export const signUp = async (
  auth: AuthParts,
  input: { email: string; password: string; organizationName: string },
): Promise<SignedIn> => {
  refuseProblems([
    ['email', emailProblem(input.email)],
    ['password', passwordProblem(input.password)],
    ['organizationName', nameProblem(input.organizationName)],
  ]);
  const email = normaliseEmail(input.email);
  if ((await gate(auth.database).credential.findUnique({ where: { email } })) !== null) throw emailTaken();
  const passwordHash = await auth.passwords.hash(passwordBytes(input.password));

  const [tenantId, userId] = [uuidv7(), uuidv7()];
  const now = auth.clock();
  const by = { actor: { kind: 'USER', id: userId }, now } as const;
  const session = await transaction(auth.database.forTenant(tenantId), async (tx) => {
    const name = normaliseName(input.organizationName);
    await tx.organization.createMany({ data: [{ tenantId, id: tenantId, name, createdAt: now }] });
    const shown = input.email.trim().normalize('NFC');
    await tx.user.createMany({ data: [{ tenantId, id: userId, email: shown, createdAt: now }] });
    await tx.membership.createMany({ data: [{ tenantId, userId, organizationId: tenantId, role: 'OWNER' }] });
    const started = await startSession(tx, tenantId, userId, now);
    const place = 'identity.UserSignedUp.email';
    const sealed = await auth.cipher.seal(subjectKeys(tx, tenantId), tenantId, userId, place, shown);
    await recordOfOrganization(
      tx,
      tenantId,
      [{ type: 'auth.OrganizationCreated', data: { organizationId: tenantId, ownerId: userId } }],
      by,
    );
    await recordOfUser(
      tx,
      userId,
      [
        { type: 'auth.UserSignedUp', data: { userId, organizationId: tenantId, role: 'OWNER', email: sealed } },
        { type: 'auth.UserSignedIn', data: { userId, sessionId: started.sessionId, secondFactor: false } },
      ],
      by,
    );
    await becomeGate(tx);
    await tx.credential.createMany({ data: [{ tenantId, userId, email, passwordHash }] });
    return started;
  }).catch((error: unknown) => {
    // Somebody else took the e-mail meanwhile; nothing of this sign-up was recorded.
    throw isDuplicate(error) ? emailTaken() : error;
  });
  await announce(auth);

  const user = { id: userId, tenantId, sessionId: session.sessionId };
  return {
    accessToken: await auth.tokens.access({ ...user, role: 'OWNER' }),
    refreshToken: session.refreshToken,
    user,
  };
};
