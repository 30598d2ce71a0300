import assert from 'node:assert/strict';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';
import { createLog } from '@parley/kernel/log';
import { openRedis } from '@parley/kernel/redis';
import type { Client } from 'graphql-ws';
import type { Redis } from 'ioredis';
import { platformConfig } from '../config.ts';
import { startRedis } from '../deploy/services/redis.ts';
import type { RunningServer } from '../deploy/services/server.ts';
import { type Platform, startPlatform } from '../platform.ts';
import { type FaultyLink, openLink } from './testkit/faultyLink.ts';
import { createAgent, post, sendMessage, signUp, socket, startConversation } from './testkit/graphql.ts';
import { type Live, watch } from './testkit/live.ts';
import { patient, startTestPlatform, type TestPlatform } from './testkit/platform.ts';
import { until } from './testkit/until.ts';

type Update = { kind: string; textDelta: string | null; turn: { id: string; role: string; text: string } };
const turns = `subscription($id: ID!, $after: String) { conversationTurns(conversationId: $id, after: $after) {
  kind textDelta turn { id role text } } }`;
const signIn =
  'mutation { signIn(input: { email: "nobody@example.com", password: "not this one" }) { __typename ... on Refusal { code } } }';
const log = createLog({ level: 'silent', service: 'test' });

/** A Redis of the test's own, behind a link; two platforms on it, so that what one does reaches the other over Redis alone. */
describe('Redis misbehaves', () => {
  let folder: string;
  let server: RunningServer;
  let link: FaultyLink;
  let operator: Redis;
  let here: TestPlatform;
  let there: Platform;
  let environment: Record<string, string>;
  let token: string;
  let agentId: string;
  const clients: Client[] = [];
  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'parley-redis-'));
    await chmod(folder, 0o755);
    server = await startRedis({ folder, cacheFolder: folder });
    link = await openLink(() => ({ port: server.port }));
    operator = openRedis(server.url, log);
    const url = new URL(server.url);
    url.port = String(link.port);
    // Each delivers its own events: what is between them is Redis alone.
    const engines = { REDIS_URL: url.toString(), KAFKA_BROKERS: '', KAFKA_PREFIX: '', KAFKA_PARTITIONS: '' };
    here = await startTestPlatform({ ...engines, LOG_LEVEL: 'silent', GATEWAY_SENSITIVE_PER_MINUTE: '1000' });
    environment = {
      ...patient,
      ...engines,
      PORT: '0',
      DATABASE_URL: here.database.url,
      DATA_DIR: here.dataDir,
      GATEWAY_SENSITIVE_PER_MINUTE: '1000',
    };
    there = await startPlatform(platformConfig(environment), environment, log);
    token = (await signUp(here.url)).accessToken;
    ({ agentId } = await createAgent(here.url, token));
  });
  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.dispose()));
  });
  after(async () => {
    await there?.stop();
    await here?.stop();
    operator?.disconnect();
    await link?.close();
    await server?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const follow = (url: string, id: string, cursor: string): Live<Update> => {
    const client = socket(url, token);
    clients.push(client);
    return watch<Update>(client, 'conversationTurns', turns, { id, after: cursor });
  };
  const replies = ({ items }: Live<Update>) =>
    items.filter(({ kind, turn }) => kind === 'COMPLETED' && turn.role === 'AGENT').map(({ turn }) => turn);
  const replied = (live: Live<Update>, count: number) =>
    until(`reply ${count}`, () => replies(live).length === count, 25_000);
  /** Each turn once: begun, its text in order and whole, completed. */
  const assertWhole = ({ items }: Live<Update>, expected: number): void => {
    const byTurn = Map.groupBy(items, ({ turn }) => turn.id);
    assert.equal(byTurn.size, expected);
    for (const updates of byTurn.values()) {
      const kinds = updates.map(({ kind }) => kind);
      assert.deepEqual([kinds[0], kinds.at(-1)], ['STARTED', 'COMPLETED']);
      assert.ok(
        kinds.slice(1, -1).every((kind) => kind === 'DELTA'),
        kinds.join(' '),
      );
      assert.equal(updates.map(({ textDelta }) => textDelta ?? '').join(''), updates.at(-1)?.turn.text);
    }
  };
  const signInCode = async (url: string): Promise<unknown> => {
    const { data, errors } = await post(url, signIn);
    return errors?.[0]?.extensions?.['code'] ?? (data?.['signIn'] as { code?: string } | null)?.code;
  };

  const restart = async (): Promise<void> => {
    process.kill(server.pid, 'SIGKILL');
    server = await startRedis({ folder, cacheFolder: folder, port: server.port });
  };
  const faults: readonly (readonly [string, () => unknown, () => unknown])[] = [
    ['is away', () => link.set({ kind: 'cut' }), () => link.set({ kind: 'none' })],
    ['is silent', () => link.set({ kind: 'silent' }), () => link.set({ kind: 'none' })],
    ['takes two seconds for all', () => link.set({ kind: 'slow', slowMs: 2000 }), () => link.set({ kind: 'none' })],
    ['is a read-only replica', () => operator.replicaof('127.0.0.1', 1), () => operator.replicaof('NO', 'ONE')],
    [
      'has no memory left',
      async () => {
        await operator.config('SET', 'maxmemory-policy', 'noeviction');
        await operator.config('SET', 'maxmemory', '1');
      },
      async () => {
        await operator.config('SET', 'maxmemory', '0');
      },
    ],
  ];
  for (const [how, strike, heal] of faults)
    test(`L11 F06: it ${how}: conversations, reads and streams go on, what guards a secret is refused, and all is well soon after`, async () => {
      const { conversation } = await startConversation(here.url, token, agentId);
      const { id, turnsCursor } = conversation;
      const early = follow(there.url, id, turnsCursor);
      await sendMessage(here.url, token, id, 'How much is the Pro plan?');
      await replied(early, 1);

      await strike();
      await until('a refusal', async () => (await signInCode(there.url)) === 'RATE_LIMIT_UNAVAILABLE');
      const late = follow(there.url, id, turnsCursor);
      await sendMessage(here.url, token, id, 'And the Starter plan?');
      const read = await post(there.url, 'query($id: ID!) { conversation(id: $id) { status } }', { id }, token);
      assert.deepEqual([read.status, read.errors], [200, undefined]);
      await Promise.all([replied(early, 2), replied(late, 2)]);

      await heal();
      await until('sign-in', async () => (await signInCode(there.url)) === 'INVALID_CREDENTIALS', 5000);
      await sendMessage(here.url, token, id, 'Can I cancel?');
      await Promise.all([replied(early, 3), replied(late, 3)]);
      assertWhole(early, 6);
      assertWhole(late, 6);
    });

  test('F07: it is killed and comes back empty: streams go on without gap or double, and an ended session stays ended', async () => {
    const { conversation } = await startConversation(here.url, token, agentId);
    const { id, turnsCursor } = conversation;
    const live = follow(there.url, id, turnsCursor);
    await sendMessage(here.url, token, id, 'How much is the Pro plan?');
    await live.until(({ kind, turn }) => kind === 'DELTA' && turn.role === 'AGENT', 'its first words');
    const { accessToken } = await signUp(here.url);
    await post(here.url, 'mutation { signOut { __typename } }', {}, accessToken);
    const isRefused = async () => (await post(there.url, '{ viewer { id } }', {}, accessToken)).status === 401;
    await until('a refusal', isRefused, 3000);

    await restart();
    await sendMessage(here.url, token, id, 'And the Starter plan?');
    await replied(live, 2);
    assertWhole(live, 4);
    assert.ok(await isRefused());
    await until('sign-in', async () => (await signInCode(there.url)) === 'INVALID_CREDENTIALS', 5000);
  });

  test('L11: it is away when a platform starts: that serves all the same, and meets the others once it is back', async () => {
    link.set({ kind: 'cut' });
    const third = await startPlatform(platformConfig(environment), environment, log);
    try {
      assert.equal((await fetch(`${third.url}/health/ready`)).status, 200);
      assert.equal(await signInCode(third.url), 'RATE_LIMIT_UNAVAILABLE');
      const { conversation } = await startConversation(third.url, token, agentId);
      const { id, turnsCursor } = conversation;
      const live = follow(third.url, id, turnsCursor);
      await sendMessage(third.url, token, id, 'How much is the Pro plan?');
      await replied(live, 1);
      link.set({ kind: 'none' });
      await until('sign-in', async () => (await signInCode(third.url)) === 'INVALID_CREDENTIALS', 5000);
      await sendMessage(here.url, token, id, 'And the Starter plan?');
      await replied(live, 2);
      assertWhole(live, 4);
    } finally {
      link.set({ kind: 'none' });
      await third.stop();
    }
  });
});
