import { setTimeout } from 'node:timers/promises';
import type { EventBus } from '@parley/kernel/bus';
import type { Pool } from '@parley/kernel/database';
import { inProcessSubgraph } from '@parley/kernel/inProcessSubgraph';
import type { MasterKey } from '@parley/kernel/keyFile';
import type { Log } from '@parley/kernel/log';
import { startOutboxRelay } from '@parley/kernel/outboxRelay';
import type { PubSub } from '@parley/kernel/pubsub';
import type { Subgraph } from '@parley/kernel/subgraph';
import { subjectCipher } from '@parley/kernel/subjectCipher';
import type { GraphQLSchema } from 'graphql';
import type { AuthParts } from './application/auth.ts';
import type { AuthConfig } from './config.ts';
import { authTopic } from './events.ts';
import { openAuthDatabase } from './infrastructure/database.ts';
import { openPasswords } from './infrastructure/passwords.ts';
import { openSignInThrottle } from './infrastructure/signInThrottle.ts';
import { openSigningKeys } from './infrastructure/signingKeys.ts';
import { openTokens } from './infrastructure/tokens.ts';
import type { AuthContext } from './schema/builder.ts';
import { schema } from './schema/index.ts';

export type AuthOptions = {
  readonly pool: Pool;
  readonly bus: EventBus;
  readonly pubsub: PubSub;
  readonly masterKey: MasterKey;
  readonly log: Log;
  readonly clock: () => Date;
  readonly config: AuthConfig;
  /** The platform's public schema, which persisted documents are validated against; asked for when one is published. */
  readonly publicSchema: () => GraphQLSchema;
};
/** `drained` waits for all events to be delivered. */
export type Auth = { readonly subgraph: Subgraph; drained(): Promise<void>; stop(): Promise<void> };

export const startAuth = async (options: AuthOptions): Promise<Auth> => {
  const { pool, bus, pubsub, log, clock, masterKey, config, publicSchema } = options;
  const database = openAuthDatabase(pool);
  const signingKeys = await openSigningKeys({ database, masterKey, clock });
  const passwords = await openPasswords(config.passwordCost, config.passwordConcurrency);
  const relay = startOutboxRelay({ pool, schema: 'identity', topic: authTopic, bus, log });
  const underWay = new Set<Promise<void>>();
  const auth: AuthParts = {
    database,
    pubsub,
    masterKey,
    passwords,
    signingKeys,
    publicSchema,
    clock,
    log,
    cipher: subjectCipher(masterKey),
    throttle: openSignInThrottle({ database, key: masterKey.derive('sign-in-throttle'), clock }),
    tokens: openTokens(signingKeys, clock),
    refreshKey: masterKey.derive('refresh-token'),
    eventsCommitted: relay.wake,
    inBackground: (work) => {
      // A little later, so that the answer is out before this takes any time.
      const done = setTimeout(20)
        .then(work)
        .catch((error: unknown) => log.error({ err: error }, 'auth, in the background'))
        .finally(() => underWay.delete(done));
      underWay.add(done);
    },
  };
  const subgraph = inProcessSubgraph<AuthContext>({
    name: 'auth',
    schema,
    log,
    context: ({ actor, requestId, signal }) => ({
      actor,
      requestId,
      signal,
      auth,
      get db() {
        return database.forTenant(actor?.tenantId ?? '');
      },
    }),
  });
  const settled = async () => {
    while (underWay.size > 0) await Promise.all(underWay);
  };
  return {
    subgraph,
    drained: async () => {
      await settled();
      await relay.drained();
    },
    stop: async () => {
      await settled();
      await relay.stop();
      await database.close();
    },
  };
};
