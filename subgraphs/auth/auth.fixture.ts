import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Actor, Role } from '@parley/kernel/actor';
import { openPool } from '@parley/kernel/database';
import type { StoredEvent } from '@parley/kernel/event';
import { inProcessBus } from '@parley/kernel/inProcessBus';
import { openKeyFile } from '@parley/kernel/keyFile';
import { memoryPubSub } from '@parley/kernel/memoryPubSub';
import type { SubgraphResult } from '@parley/kernel/subgraph';
import { buildSchema } from 'graphql';
import { decodeJwt } from 'jose';
import pg from 'pg';
import { pino } from 'pino';
import { testDatabase } from '../../test/testkit/database.ts';
import { readAuthConfig } from './config.ts';
import { type AuthEvent, authTopic, type Revocation, revocationsChannel } from './events.ts';
import { startAuth } from './server.ts';

/** A result's data, to be walked along without a type for each operation. */
// biome-ignore lint/suspicious/noExplicitAny: a test asserts the shape of what it walks along
export type Data = any;

const publicSchema = buildSchema(`
  type Query { viewer: Viewer  conversations(first: Int = 20): [Conversation!] }
  type Mutation { endConversation(id: ID!): Conversation }
  type Viewer { id: ID! }
  type Conversation { id: ID!  turns: [String!]! }
`);

/** Auth on a database of its own, called as the gateway calls it; `clock.now` may be moved. */
export const startTestAuth = async () => {
  const database = await testDatabase();
  const folder = await mkdtemp(path.join(tmpdir(), 'parley-auth-'));
  const masterKey = await openKeyFile(path.join(folder, 'master.key'));
  const pool = openPool(database.url, { max: 8, waitMs: 20_000 });
  const admin = new pg.Pool({ connectionString: database.adminUrl, max: 2 });
  admin.on('error', () => {});
  const bus = inProcessBus();
  const pubsub = memoryPubSub();
  const events: (StoredEvent & AuthEvent)[] = [];
  await bus.consume('test', [authTopic], async (list) => void events.push(...(list as (StoredEvent & AuthEvent)[])));
  const revocations: Revocation[] = [];
  await pubsub.subscribe(revocationsChannel, (message) => void revocations.push(message as Revocation));
  const logged: string[] = [];
  const log = pino({ level: 'debug' }, { write: (line: string) => void logged.push(line) });
  const clock = { offset: 0 };
  const options = {
    pool,
    bus,
    pubsub,
    masterKey,
    log,
    clock: () => new Date(Date.now() + clock.offset),
    config: readAuthConfig({}),
    publicSchema: () => publicSchema,
  };
  const auth = await startAuth(options);

  const run = (query: string, variables: object = {}, actor: Actor | null = null): Promise<SubgraphResult> =>
    auth.subgraph.execute({ query, variables: { ...variables }, actor, requestId: 'test' });
  /** The data of an operation that must not fail. */
  const ask = async (query: string, variables: object = {}, actor: Actor | null = null): Promise<Data> => {
    const { data, errors } = await run(query, variables, actor);
    if (errors) throw new Error(errors.map(({ message }) => message.slice(0, 300)).join(' ') + logged.at(-1));
    return data;
  };
  const mutate = async (field: string, input: object, actor: Actor | null = null): Promise<Data> => {
    const type = `${field[0]?.toUpperCase()}${field.slice(1)}`;
    const query = `mutation ($input: ${type}Input!) { ${field}(input: $input) { __typename
      ... on Refusal { code message retryAfterMs issues { path message } }
      ... on ${type}Success { ${successFields[field] ?? ''} } } }`;
    return (await ask(query, { input }, actor))[field];
  };
  return {
    ...{ auth, options, admin, masterKey, events, revocations, logged, clock, run, ask, mutate },
    /** An organization and its owner. */
    signUp: async (email = `${randomBytes(6).toString('hex')}@example.com`, password = 'correct horse') => {
      const answer = await mutate('signUp', { email, password, organizationName: 'Acme' });
      if (answer.__typename !== 'SignUpSuccess') throw new Error(JSON.stringify(answer));
      return { ...answer, email, password, actor: actorOf(answer.accessToken) };
    },
    stop: async () => {
      await auth.stop();
      await pool.end();
      await admin.end();
      await database.drop();
      await rm(folder, { recursive: true, force: true });
    },
  };
};
export type TestAuth = Awaited<ReturnType<typeof startTestAuth>>;

const signedIn = 'accessToken refreshToken expiresIn viewer { id email role organization { id name } }';
const apiKey = 'id name prefix scopes partner { id } expiresAt revokedAt';
const successFields: Readonly<Record<string, string>> = {
  signUp: signedIn,
  signIn: signedIn,
  refreshSession: 'accessToken refreshToken expiresIn',
  createPartner: 'partner { id name }',
  createApiKey: `apiKey { ${apiKey} } secret`,
  revokeApiKey: `apiKey { ${apiKey} }`,
  publishPersistedDocuments: 'documents { id name hash }',
  beginTotpEnrolment: 'secret uri',
  confirmTotpEnrolment: 'enrolled',
};

/** The actor that the gateway makes of an access token. */
export const actorOf = (accessToken: string): Actor => {
  const claims = decodeJwt(accessToken);
  return {
    kind: 'USER',
    id: String(claims.sub),
    tenantId: String(claims['tid']),
    role: claims['role'] as Role,
    scopes: String(claims['scope']).split(' '),
    partnerId: null,
    conversationId: null,
    sessionId: String(claims['sid']),
    expiresAt: claims.exp ?? null,
  };
};
