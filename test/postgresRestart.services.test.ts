import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { migrate } from '@parley/kernel/migrate';
import pg from 'pg';
import { contexts } from '../contexts.ts';
import { startPostgres } from '../deploy/services/postgres.ts';
import type { RunningServer } from '../deploy/services/server.ts';
import { type Answer, createAgent, post, signUp, startConversation } from './testkit/graphql.ts';
import { startTestPlatform, type TestPlatform } from './testkit/platform.ts';
import { until } from './testkit/until.ts';

const sendMutation = `mutation($input: SendMessageInput!) { sendMessage(input: $input) {
  __typename ... on SendMessageSuccess { turn { id } } } }`;
const createMutation = `mutation($name: String!) { createKnowledgeBase(input: { name: $name }) { __typename } }`;

/** One write, by the key under which it is to be found once. */
type Write = { readonly kind: 'message' | 'knowledge base'; readonly key: string; send(): Promise<Answer> };
type Outcome = { readonly write: Write; readonly answer: Answer };
const isDone = ({ answer }: Outcome): boolean => answer.errors === undefined;

/** A server of the test's own, so that it may be ended. */
describe('PostgreSQL ends and comes back under a hundred writes a second', () => {
  let folder: string;
  let server: RunningServer;
  let platform: TestPlatform;
  let admin: pg.Pool;
  let token: string;
  const conversations: string[] = [];
  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'parley-postgres-'));
    await chmod(folder, 0o755);
    server = await startPostgres({ folder, cacheFolder: folder });
    await migrate(server.url, contexts);
    platform = await startTestPlatform({
      DATABASE_URL: server.env['DATABASE_URL'] ?? '',
      DATABASE_WAIT_MS: '1000',
      LOG_LEVEL: 'silent',
    });
    admin = new pg.Pool({ connectionString: server.url, max: 2 });
    admin.on('error', () => {});
    token = (await signUp(platform.url)).accessToken;
    const { agentId } = await createAgent(platform.url, token);
    for (let n = 0; n < 10; n++)
      conversations.push((await startConversation(platform.url, token, agentId)).conversation.id);
  });
  after(async () => {
    await platform?.stop();
    await admin?.end();
    await server?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const messageTo = (conversationId: string): Write => {
    const input = { conversationId, text: 'Good morning.', clientMessageId: randomUUID() };
    return {
      kind: 'message',
      key: input.clientMessageId,
      send: () => post(platform.url, sendMutation, { input }, token),
    };
  };
  const knowledgeBase = (): Write => {
    const name = randomUUID();
    return { kind: 'knowledge base', key: name, send: () => post(platform.url, createMutation, { name }, token) };
  };
  /** Writes every ten milliseconds until it is told to stop. */
  const write = () => {
    const outcomes: Outcome[] = [];
    const underWay = new Set<Promise<void>>();
    let count = 0;
    const timer = setInterval(() => {
      count += 1;
      const next = count % 5 === 0 ? messageTo(conversations[count % 10] ?? '') : knowledgeBase();
      const one = next
        .send()
        .then((answer) => void outcomes.push({ write: next, answer }))
        .finally(() => underWay.delete(one));
      underWay.add(one);
    }, 10);
    return {
      outcomes,
      stop: async () => {
        clearInterval(timer);
        await Promise.all(underWay);
      },
    };
  };
  /** How often each is stored, of those that are. */
  const stored = async (): Promise<ReadonlyMap<string, number>> => {
    const { rows } = await admin.query<{ key: string; count: number }>(
      `SELECT client_message_id AS key, count(*)::int FROM sales.turn WHERE client_message_id IS NOT NULL GROUP BY 1
       UNION ALL SELECT name, count(*)::int FROM agent.knowledge_base GROUP BY 1`,
    );
    return new Map(rows.map(({ key, count }) => [key, count]));
  };
  const gone = (pid: number) =>
    until('its end', () => {
      try {
        return !process.kill(pid, 0);
      } catch {
        return true;
      }
    });

  for (const [how, signal] of [
    ['is stopped by its operator', 'SIGINT'],
    ['crashes', 'SIGQUIT'],
  ] as const)
    test(`L01: it ${how}: each write is acknowledged and stored once, or refused with when to come back, and writes go on when it is there again`, async () => {
      const load = write();
      await until('the first writes', () => load.outcomes.filter(isDone).length > 50);
      process.kill(server.pid, signal);
      await gone(server.pid);
      await delay(1000);
      server = await startPostgres({ folder, cacheFolder: folder, port: server.port });
      const before = load.outcomes.filter(isDone).length;
      await until('writes again', () => load.outcomes.filter(isDone).length > before + 50, 5000);
      await load.stop();

      const done = load.outcomes.filter(isDone);
      const refused = load.outcomes.filter((outcome) => !isDone(outcome));
      assert.ok(refused.length > 10, `${refused.length} were refused while it was away`);
      for (const { answer } of refused) {
        assert.equal(answer.errors?.[0]?.extensions?.['code'], 'SERVICE_UNAVAILABLE', JSON.stringify(answer.errors));
        assert.equal(answer.errors?.[0]?.extensions?.['retryAfterMs'], 1000);
      }
      const counts = await stored();
      for (const { write } of done) assert.equal(counts.get(write.key), 1, `an acknowledged ${write.kind}`);
      for (const { write } of refused) assert.ok((counts.get(write.key) ?? 0) <= 1, `a refused ${write.kind}`);

      // What was refused is sent again as it was.
      const messages = refused.filter(({ write }) => write.kind === 'message');
      for (const { write } of messages) assert.equal((await write.send()).errors, undefined);
      const countsAfter = await stored();
      for (const { write } of messages) assert.equal(countsAfter.get(write.key), 1, 'a message sent again');
    });

  test('L01: nothing of what was cut off is left: turns and events are without a gap, and every message is answered once', async () => {
    await until(
      'every reply',
      async () =>
        (await admin.query('SELECT 1 FROM sales.conversation WHERE pending_replies > 0 LIMIT 1')).rows.length === 0,
      40_000,
    );
    const broken = await admin.query(
      `SELECT conversation_id AS id, 'turns' AS what FROM sales.turn GROUP BY 1 HAVING max(sequence) <> count(*)
       UNION ALL SELECT aggregate_id, 'events' FROM sales.event GROUP BY 1 HAVING max(version) <> count(*)
       UNION ALL SELECT conversation_id, 'updates' FROM sales.turn_update GROUP BY 1 HAVING max(position) <> count(*)
       UNION ALL SELECT conversation_id, 'replies' FROM sales.turn GROUP BY 1
         HAVING count(*) FILTER (WHERE role = 'CUSTOMER') <> count(DISTINCT in_reply_to_id) OR count(*) FILTER (WHERE role = 'AGENT' AND state <> 'COMPLETED') > 0`,
    );
    assert.deepEqual(broken.rows, []);
  });
});
