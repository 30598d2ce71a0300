import type { Actor } from '@parley/kernel/actor';
import { appendEvents } from '@parley/kernel/eventStore';
import type { MasterKey } from '@parley/kernel/keyFile';
import type { Log } from '@parley/kernel/log';
import type { PubSub } from '@parley/kernel/pubsub';
import { Refusal } from '@parley/kernel/refusal';
import type { SubjectCipher } from '@parley/kernel/subjectCipher';
import type { GraphQLSchema } from 'graphql';
import { type OrganizationEvent, type Revocation, revocationsChannel, type UserEvent } from '../events.ts';
import { type AuthDatabase, lockAggregate, type Tx } from '../infrastructure/database.ts';
import type { Passwords } from '../infrastructure/passwords.ts';
import type { SignInThrottle } from '../infrastructure/signInThrottle.ts';
import type { SigningKeys } from '../infrastructure/signingKeys.ts';
import type { Tokens } from '../infrastructure/tokens.ts';

/** What the commands of auth work with; made once in server.ts. */
export type AuthParts = {
  readonly database: AuthDatabase;
  readonly pubsub: PubSub;
  readonly masterKey: MasterKey;
  readonly cipher: SubjectCipher;
  readonly passwords: Passwords;
  readonly throttle: SignInThrottle;
  readonly signingKeys: SigningKeys;
  readonly tokens: Tokens;
  /** What successors of refresh tokens are derived with. */
  readonly refreshKey: Uint8Array;
  readonly publicSchema: () => GraphQLSchema;
  readonly clock: () => Date;
  readonly log: Log;
  /** Events were committed: the relay may look. */
  readonly eventsCommitted: () => void;
  /** Work that the answer does not wait for; it is finished before the process stops. */
  readonly inBackground: (work: () => Promise<void>) => void;
};

/** What a sign-in gives: `refreshToken` is stored nowhere. */
export type SignedIn = { readonly accessToken: string; readonly refreshToken: string; readonly user: SignedInUser };
export type SignedInUser = { readonly id: string; readonly tenantId: string; readonly sessionId: string };

type By = { readonly actor: Pick<Actor, 'kind' | 'id'>; readonly now: Date };

/** Appends events of one organization in the caller's transaction. */
export const recordOfOrganization = async (tx: Tx, tenantId: string, events: readonly OrganizationEvent[], by: By) => {
  await lockAggregate(tx, tenantId);
  const recorded = events.map((event) => ({ aggregateId: tenantId, event }));
  await appendEvents(tx, 'identity', recorded, by);
};

/** Appends events of one user in the caller's transaction. */
export const recordOfUser = async (tx: Tx, userId: string, events: readonly UserEvent[], by: By) => {
  await lockAggregate(tx, userId);
  const recorded = events.map((event) => ({ aggregateId: userId, event }));
  await appendEvents(tx, 'identity', recorded, by);
};

/**
 * After the commit: the relay delivers, and whoever holds a connection for what was ended hears of it at once. When that
 * cannot be told, it is ended all the same: what was committed must not be answered with an error.
 */
export const announce = async (auth: AuthParts, revocations: readonly Revocation[] = []): Promise<void> => {
  auth.eventsCommitted();
  for (const revocation of revocations) {
    await auth.pubsub
      .publish(revocationsChannel, revocation)
      .catch((error: unknown) => auth.log.error({ err: error, ...revocation }, 'a revocation could not be told'));
  }
};

/** One sentence for an unknown e-mail, a wrong password, a wrong code and any token that is no good. */
export const invalidCredentials = (): Refusal => new Refusal('INVALID_CREDENTIALS', 'These credentials are not valid.');
