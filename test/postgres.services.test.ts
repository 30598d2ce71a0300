import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, afterEach, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { openPool } from '@parley/kernel/database';
import { isOutage } from '@parley/kernel/outage';
import { sqlFor } from '@parley/kernel/sql';
import pg from 'pg';
import { type Answer, ask, createAgent, post, sendMessage, signUp, startConversation } from './testkit/graphql.ts';
import { startTestPlatform, type TestPlatform } from './testkit/platform.ts';
import { until } from './testkit/until.ts';

const sendMutation = `mutation($input: SendMessageInput!) { sendMessage(input: $input) {
  __typename ... on SendMessageSuccess { turn { id sequence } } ... on Refusal { code } } }`;
const agents = (first: number) => `{ agents(first: ${first}) { edges { node { id } } } }`;

describe('PostgreSQL has no room, no time or no patience', () => {
  let platform: TestPlatform;
  let admin: pg.Client;
  let token: string;
  let organizationId: string;
  let agentId: string;
  /** Transactions of the database's operator, which hold what a test wants held. */
  const holders: pg.Client[] = [];
  before(async () => {
    platform = await startTestPlatform({
      DATABASE_POOL_SIZE: '6',
      DATABASE_WAIT_MS: '1000',
      DATABASE_STATEMENT_TIMEOUT_MS: '5000',
      LOG_LEVEL: 'silent',
    });
    admin = await open();
    const owner = await signUp(platform.url);
    token = owner.accessToken;
    organizationId = owner.viewer.organization.id;
    ({ agentId } = await createAgent(platform.url, token));
  });
  afterEach(async () => {
    await Promise.all(holders.splice(0).map((holder) => holder.end()));
  });
  after(async () => {
    await admin?.end();
    await platform?.stop();
  });

  const open = async (): Promise<pg.Client> => {
    const client = new pg.Client({ connectionString: platform.database.adminUrl });
    await client.connect();
    // The one who gives way in a deadlock is the platform: whoever looks first.
    await client.query("SET deadlock_timeout = '60s'");
    return client;
  };
  const begin = async (): Promise<pg.Client> => {
    const holder = await open();
    holders.push(holder);
    await holder.query('BEGIN');
    return holder;
  };
  const database = () => new URL(platform.database.adminUrl).pathname.slice(1);
  const number = async (sql: string, values: unknown[] = []): Promise<number> =>
    Number(Object.values((await admin.query(sql, values)).rows[0] as object)[0]);
  const ofPlatform = "FROM pg_stat_activity WHERE datname = current_database() AND usename = 'app_login'";
  /** So many statements of the platform wait for a lock. */
  const waiting = (count: number, what: string) =>
    until(what, async () => (await number(`SELECT count(*) ${ofPlatform} AND wait_event_type = 'Lock'`)) >= count);
  /** Resolves when the platform has been told. */
  const disconnectPlatform = async () => {
    const { rows } = await admin.query<{ pid: number }>(`SELECT pid, pg_terminate_backend(pid) ${ofPlatform}`);
    const pids = rows.map(({ pid }) => pid);
    await until(
      'the end of its connections',
      async () => (await number('SELECT count(*) FROM pg_stat_activity WHERE pid = ANY($1)', [pids])) === 0,
    );
  };

  const conversation = async () => (await startConversation(platform.url, token, agentId)).conversation.id;
  const send = (conversationId: string, clientMessageId: string): Promise<Answer> =>
    post(platform.url, sendMutation, { input: { conversationId, text: 'Good morning.', clientMessageId } }, token);
  const turnsOf = (clientMessageId: string) =>
    number('SELECT count(*) FROM sales.turn WHERE client_message_id = $1', [clientMessageId]);
  const received = (conversationId: string) =>
    number("SELECT count(*) FROM sales.event WHERE aggregate_id = $1 AND type = 'sales.TurnReceived'", [
      conversationId,
    ]);

  const assertComeBack = ({ errors }: Answer): void => {
    const [error] = errors ?? [];
    assert.equal(error?.extensions?.['code'], 'SERVICE_UNAVAILABLE', JSON.stringify(errors));
    assert.equal(error?.extensions?.['retryAfterMs'], 1000);
    assert.match(String(error?.extensions?.['errorId']), /^[0-9a-f-]{36}$/);
    assert.doesNotMatch(JSON.stringify(errors), /select|insert|relation|prisma|timeout|5432|127\.0\.0\.1/i);
  };
  const assertDone = ({ data, errors }: Answer, type: string): void => {
    assert.equal(errors, undefined, JSON.stringify(errors));
    assert.equal((Object.values(data ?? {})[0] as { __typename: string }).__typename, type);
  };

  test('L03: with every connection held, who comes is told to come back, health says so, and all goes on once they are free', async () => {
    const holder = await begin();
    await holder.query('LOCK TABLE agent.agent IN ACCESS EXCLUSIVE MODE');
    const held = Array.from({ length: 6 }, (_, at) => post(platform.url, agents(10 + at), {}, token));
    await waiting(6, 'six statements that wait');
    const [live, ready, ...refused] = await Promise.all([
      fetch(`${platform.url}/health/live`),
      fetch(`${platform.url}/health/ready`),
      post(platform.url, agents(50), {}, token),
      post(platform.url, '{ partners { edges { node { id } } } }', {}, token),
      send(randomUUID(), randomUUID()),
    ]);
    refused.forEach(assertComeBack);
    assert.deepEqual([live.status, ready.status], [200, 503]);
    await holder.query('ROLLBACK');
    for (const answer of await Promise.all(held)) assert.equal(answer.errors, undefined, JSON.stringify(answer.errors));
    await until('readiness', async () => (await fetch(`${platform.url}/health/ready`)).status === 200, 5000);
    assert.equal((await sendMessage(platform.url, token, await conversation(), 'Hello.')).turn?.sequence, 1);
  });

  test('L04: a statement that takes too long is cancelled, its transaction leaves nothing, and its connection is used again', async () => {
    const id = await conversation();
    const clientMessageId = randomUUID();
    const holder = await begin();
    await holder.query('LOCK TABLE sales.turn IN SHARE MODE; LOCK TABLE agent.agent IN ACCESS EXCLUSIVE MODE');
    const answers = await Promise.all([send(id, clientMessageId), post(platform.url, agents(3), {}, token)]);
    answers.forEach(assertComeBack);
    assert.equal(await number(`SELECT count(*) ${ofPlatform} AND state LIKE 'idle in transaction%'`), 0);
    await holder.query('ROLLBACK');
    assert.deepEqual([await turnsOf(clientMessageId), await received(id)], [0, 0]);
    assertDone(await send(id, clientMessageId), 'SendMessageSuccess');
    assert.deepEqual([await turnsOf(clientMessageId), await received(id)], [1, 1]);
    await ask(platform.url, agents(4), {}, token);
  });

  const deadlocks = () => number('SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()');
  test('L04: a transaction in which nothing happens is ended, holds nothing any more, and its connection is replaced', async () => {
    const pool = openPool(platform.database.url, { max: 1, idleTransactionMs: 300 });
    try {
      const sql = sqlFor(pool, { role: 'sales_app', tenantId: organizationId });
      const idle = sql.transaction(async ({ query }) => {
        await query('LOCK TABLE sales.contact IN SHARE MODE');
        await delay(1500);
        return query('SELECT 1 AS one');
      });
      await assert.rejects(idle, isOutage);
      assert.deepEqual(await sql.run('SELECT 2 AS two'), [{ two: 2 }]);
      assert.equal(
        await number("SELECT count(*) FROM pg_locks WHERE relation = 'sales.contact'::regclass AND mode = 'ShareLock'"),
        0,
      );
    } finally {
      await pool.end();
    }
  });

  /** Lets a command begin, then asks for what it has, so that it has to give way. @returns its answer */
  const inDeadlock = async (first: string, second: string, command: () => Promise<Answer>): Promise<Answer> => {
    // Nobody else waits there.
    await until(
      'every reply',
      async () => (await number('SELECT count(*) FROM sales.conversation WHERE pending_replies > 0')) === 0,
    );
    const before = await deadlocks();
    const other = await begin();
    await other.query(first);
    const answer = command();
    await waiting(1, 'the command');
    await other.query(second);
    await until('a deadlock', async () => (await deadlocks()) > before);
    await other.query('COMMIT');
    return answer;
  };

  test('L05: in a deadlock a message gives way and is stored all the same, once', async () => {
    const id = await conversation();
    const clientMessageId = randomUUID();
    const answer = await inDeadlock(
      'LOCK TABLE sales.turn IN SHARE MODE',
      `SELECT FROM sales.conversation WHERE id = '${id}' FOR UPDATE`,
      () => send(id, clientMessageId),
    );
    assertDone(answer, 'SendMessageSuccess');
    assert.deepEqual([await turnsOf(clientMessageId), await received(id)], [1, 1]);
  });

  test('L05: in a deadlock a change of an agent gives way and is made all the same, once', async () => {
    const answer = await inDeadlock(
      'LOCK TABLE agent.event IN SHARE MODE',
      `SELECT FROM agent.agent WHERE id = '${agentId}' FOR UPDATE`,
      () =>
        post(
          platform.url,
          'mutation($id: ID!) { updateAgent(input: { id: $id, name: "Berta" }) { __typename } }',
          { id: agentId },
          token,
        ),
    );
    assertDone(answer, 'UpdateAgentSuccess');
    assert.equal(
      await number("SELECT count(*) FROM agent.event WHERE aggregate_id = $1 AND type = 'agent.AgentUpdated'", [
        agentId,
      ]),
      1,
    );
  });

  test('L05: in a deadlock a new partner gives way and is there all the same, once', async () => {
    const answer = await inDeadlock(
      `SELECT pg_advisory_xact_lock(hashtextextended('identity:${organizationId}', 0))`,
      'LOCK TABLE identity.partner IN SHARE MODE',
      () => post(platform.url, 'mutation { createPartner(input: { name: "Contoso" }) { __typename } }', {}, token),
    );
    assertDone(answer, 'CreatePartnerSuccess');
    assert.equal(await number("SELECT count(*) FROM identity.partner WHERE name = 'Contoso'"), 1);
  });

  test('L05: a serialization failure is tried again: two messages at once on a server that isolates more strictly', async () => {
    await admin.query(`ALTER DATABASE ${database()} SET default_transaction_isolation = 'serializable'`);
    await disconnectPlatform();
    const id = await conversation();
    const ids = [randomUUID(), randomUUID()];
    for (const answer of await Promise.all(ids.map((clientMessageId) => send(id, clientMessageId))))
      assertDone(answer, 'SendMessageSuccess');
    assert.deepEqual([await turnsOf(ids[0] ?? ''), await turnsOf(ids[1] ?? ''), await received(id)], [1, 1, 2]);
    await admin.query(`ALTER DATABASE ${database()} RESET default_transaction_isolation`);
    await disconnectPlatform();
  });

  test('L01: a connection ended in the middle of a transaction leaves nothing of it, and costs nobody else anything', async () => {
    const id = await conversation();
    const clientMessageId = randomUUID();
    const holder = await begin();
    await holder.query('LOCK TABLE sales.turn IN SHARE MODE');
    let hasCome = false;
    const answer = send(id, clientMessageId).finally(() => {
      hasCome = true;
    });
    // Replies of before may wait there too.
    await until('the answer', async () => {
      await admin.query(`SELECT pg_terminate_backend(pid) ${ofPlatform} AND wait_event_type = 'Lock'`);
      return hasCome;
    });
    assertComeBack(await answer);
    await holder.query('ROLLBACK');
    assert.deepEqual([await turnsOf(clientMessageId), await received(id)], [0, 0]);
    assertDone(await send(id, clientMessageId), 'SendMessageSuccess');
    assert.deepEqual([await turnsOf(clientMessageId), await received(id)], [1, 1]);
  });

  test('L06: on a database that takes no writes reads go on, and writes are refused until it does', async () => {
    const id = await conversation();
    const clientMessageId = randomUUID();
    await admin.query(`ALTER DATABASE ${database()} SET default_transaction_read_only = on`);
    await disconnectPlatform();
    await until('reads', async () => (await post(platform.url, agents(5), {}, token)).errors === undefined, 5000);
    assertComeBack(await send(id, clientMessageId));
    assertComeBack(
      await post(platform.url, 'mutation { createPartner(input: { name: "Fabrikam" }) { __typename } }', {}, token),
    );
    await ask(platform.url, 'query($id: ID!) { conversation(id: $id) { status } }', { id }, token);
    await admin.query(`ALTER DATABASE ${database()} RESET default_transaction_read_only`);
    await disconnectPlatform();
    await until('writes', async () => (await send(id, clientMessageId)).errors === undefined, 5000);
    assert.deepEqual([await turnsOf(clientMessageId), await received(id)], [1, 1]);
  });

  test('L03: a server that has no connection left for us is an outage, and is over when it has', async () => {
    await admin.query(`ALTER DATABASE ${database()} CONNECTION LIMIT 0`);
    await disconnectPlatform();
    await until('a refusal', async () => (await post(platform.url, agents(6), {}, token)).errors !== undefined, 5000);
    assertComeBack(await post(platform.url, agents(7), {}, token));
    assertComeBack(await send(randomUUID(), randomUUID()));
    await admin.query(`ALTER DATABASE ${database()} CONNECTION LIMIT -1`);
    await until('reads', async () => (await post(platform.url, agents(8), {}, token)).errors === undefined, 5000);
    assertDone(await send(await conversation(), randomUUID()), 'SendMessageSuccess');
  });
});
