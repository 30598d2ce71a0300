import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { request } from 'node:http';
import { after, afterEach, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from 'graphql-ws';
import pg from 'pg';
import { type TestDatabase, testDatabase } from './testkit/database.ts';
import { type DistributedPlatform, startDistributed } from './testkit/distributed.ts';
import { testEngines } from './testkit/engines.ts';
import { type FaultyLink, openLink } from './testkit/faultyLink.ts';
import { createAgent, sendMessage, signUp, socket, startConversation } from './testkit/graphql.ts';
import { type Live, watch } from './testkit/live.ts';
import { patient, temporaryFolder } from './testkit/platform.ts';
import { type PlatformProcess, startPlatformProcess } from './testkit/platformProcess.ts';
import { until } from './testkit/until.ts';

type Update = { kind: string; textDelta: string | null; turn: { id: string; role: string; text: string } };
const turns = `subscription($id: ID!, $after: String) { conversationTurns(conversationId: $id, after: $after) {
  kind textDelta turn { id role text } } }`;

/** Sales runs twice, and what goes to the agent passes a link. */
describe('a service that has to leave, or is not there for a while', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let database: TestDatabase;
  let link: FaultyLink;
  let platform: DistributedPlatform;
  let admin: pg.Client;
  let token: string;
  let agentId: string;
  let second: PlatformProcess | null = null;
  const clients: Client[] = [];
  before(async () => {
    folder = await temporaryFolder();
    database = await testDatabase();
    link = await openLink(() => ({ path: `${folder.path}/agent.sock` }));
    platform = await startDistributed(
      {
        ...patient,
        ...(await testEngines()),
        DATABASE_URL: database.url,
        // Migrated it is already; the engines' own is not ours.
        DATABASE_ADMIN_URL: '',
        DATA_DIR: folder.path,
        LOG_LEVEL: 'silent',
        SUBGRAPH_SALES_URL: `unix:${folder.path}/sales.sock,unix:${folder.path}/sales2.sock`,
        SUBGRAPH_AGENT_URL: `http://127.0.0.1:${link.port}`,
        SUBGRAPH_UNREADY_MS: '1000',
      },
      database,
    );
    admin = new pg.Client({ connectionString: database.adminUrl });
    await admin.connect();
    token = (await signUp(platform.url)).accessToken;
    ({ agentId } = await createAgent(platform.url, token));
  });
  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.dispose()));
    link.set({ kind: 'none' });
  });
  after(async () => {
    await second?.stop();
    await platform?.stop();
    await link?.close();
    await admin?.end();
    await database?.drop();
    await folder?.remove();
  });

  const startSecond = async (): Promise<void> => {
    second ??= await startPlatformProcess(
      { ...platform.environment, SUBGRAPH_LISTEN: `unix:${folder.path}/sales2.sock` },
      ['sales'],
    );
  };
  const health = (path: string): Promise<number> =>
    new Promise((resolve) => {
      request({ socketPath: `${folder.path}/sales.sock`, path }, (answer) => resolve(answer.resume().statusCode ?? 0))
        .on('error', () => resolve(0))
        .end();
    });
  const follow = (id: string, cursor: string): Live<Update> => {
    const client = socket(platform.url, token);
    clients.push(client);
    return watch<Update>(client, 'conversationTurns', turns, { id, after: cursor });
  };
  const repliesOf = ({ items }: Live<Update>) =>
    items.filter(({ kind, turn }) => kind === 'COMPLETED' && turn.role === 'AGENT').map(({ turn }) => turn);
  /** Each turn once, its text in order and whole, and as it is stored. */
  const assertWhole = async (id: string, { items }: Live<Update>, expected: number): Promise<void> => {
    const byTurn = Map.groupBy(items, ({ turn }) => turn.id);
    assert.equal(byTurn.size, expected);
    for (const updates of byTurn.values()) {
      const kinds = updates.map(({ kind }) => kind);
      assert.deepEqual(kinds, ['STARTED', ...Array(kinds.length - 2).fill('DELTA'), 'COMPLETED']);
      assert.equal(updates.map(({ textDelta }) => textDelta ?? '').join(''), updates.at(-1)?.turn.text);
    }
    const { rows } = await admin.query<{ id: string; state: string; text: string }>(
      'SELECT id, state, text FROM sales.turn WHERE conversation_id = $1 ORDER BY sequence',
      [id],
    );
    assert.deepEqual(
      rows.map((row) => [row.id, row.state, row.text]),
      [...byTurn].map(([turnId, updates]) => [turnId, 'COMPLETED', updates.at(-1)?.turn.text]),
    );
    const completed = await admin.query(
      `SELECT data ->> 'turnId' FROM sales.event WHERE aggregate_id = $1 AND type = 'sales.TurnCompleted' GROUP BY 1 HAVING count(*) > 1`,
      [id],
    );
    assert.deepEqual(completed.rows, []);
  };

  test('M04: a sales process that stands still for longer than its lease is followed by another; awake again it changes nothing', async () => {
    const { conversation } = await startConversation(platform.url, token, agentId);
    const { id, turnsCursor } = conversation;
    const live = follow(id, turnsCursor);
    // The reply comes slowly, then stays where it is.
    link.set({ kind: 'slow', slowMs: 150 });
    await sendMessage(platform.url, token, id, 'How much is the Pro plan?');
    await live.until(({ kind, turn }) => kind === 'DELTA' && turn.role === 'AGENT', 'its first words');
    const { child } = platform.processes.get('sales') as PlatformProcess;
    const ownerOf = async () =>
      (
        await admin.query<{ owner: string | null }>(
          'SELECT lease_owner AS owner FROM sales.conversation WHERE id = $1',
          [id],
        )
      ).rows[0]?.owner;
    const owner = await ownerOf();
    assert.ok(owner);
    child.kill('SIGSTOP');
    link.set({ kind: 'none' });
    await startSecond();
    await until('the other', async () => (await ownerOf()) !== owner, 15_000);
    await until('the whole text', async () => {
      const { rows } = await admin.query(
        "SELECT 1 FROM sales.turn WHERE conversation_id = $1 AND role = 'AGENT' AND state = 'COMPLETED'",
        [id],
      );
      return rows.length === 1;
    });
    // What it had in hand when it was stopped is there for it to go on with.
    child.kill('SIGCONT');
    await until('the reply', () => repliesOf(live).length === 1, 30_000);
    await sendMessage(platform.url, token, id, 'And the Starter plan?');
    await until('the next reply', () => repliesOf(live).length === 2, 30_000);
    await delay(1500);
    await assertWhole(id, live, 4);
  });

  test('M02: a sales process told to stop is unready first; no message is refused, every reply is made once, and it ends with 0', async () => {
    await startSecond();
    await until('both', async () => (await health('/health/ready')) === 204);
    const followed = await Promise.all(
      Array.from({ length: 4 }, async () => {
        const { conversation } = await startConversation(platform.url, token, agentId);
        return { id: conversation.id, live: follow(conversation.id, conversation.turnsCursor), sent: 0 };
      }),
    );
    let isStopped = false;
    const talk = async (one: (typeof followed)[number]): Promise<void> => {
      while (!isStopped || one.sent < 3) {
        const sent = await sendMessage(platform.url, token, one.id, 'How much is the Pro plan?', randomUUID());
        assert.equal(sent.__typename, 'SendMessageSuccess');
        one.sent += 1;
        await delay(150);
      }
    };
    const talking = Promise.all(followed.map(talk));
    await delay(500);
    const leaving = platform.processes.get('sales') as PlatformProcess;
    const stopped = leaving.stop().finally(() => {
      isStopped = true;
    });
    await until('unreadiness', async () => (await health('/health/ready')) === 503, 1000);
    assert.equal(await health('/health/live'), 204);
    assert.equal(await stopped, 0);
    await talking;
    for (const { id, live, sent } of followed) {
      await until('every reply', () => repliesOf(live).length === sent, 40_000);
      await assertWhole(id, live, 2 * sent);
    }
    await platform.start('sales');
  });
});
