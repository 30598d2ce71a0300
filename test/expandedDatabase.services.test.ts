import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { createLog } from '@parley/kernel/log';
import type { Client } from 'graphql-ws';
import pg from 'pg';
import { platformConfig } from '../config.ts';
import { startPlatform } from '../platform.ts';
import { testEngines } from './testkit/engines.ts';
import { ask, createAgent, sendMessage, signUp, socket, startConversation } from './testkit/graphql.ts';
import { type Live, watch } from './testkit/live.ts';
import { patient, startTestPlatform, type TestPlatform } from './testkit/platform.ts';
import { until } from './testkit/until.ts';

/** What a next version might add: columns with and without a default, an index, a table, a longer list of values. */
const expansion = `
  ALTER TABLE sales.conversation ADD COLUMN priority integer NOT NULL DEFAULT 3, ADD COLUMN topic text;
  ALTER TABLE sales.turn ADD COLUMN mood text;
  ALTER TABLE sales.event ADD COLUMN region text NOT NULL DEFAULT 'eu';
  ALTER TABLE agent.agent ADD COLUMN nickname text;
  ALTER TABLE identity.session ADD COLUMN device text;
  ALTER TABLE voice.audio_chunk ADD COLUMN loudness real;
  ALTER TABLE analytics.conversation ADD COLUMN channel_detail text;
  CREATE INDEX turn_mood ON sales.turn (tenant_id, mood);
  ALTER TYPE sales."Channel" ADD VALUE 'KIOSK';
  CREATE TABLE sales.turn_tag (tenant_id uuid NOT NULL, turn_id uuid NOT NULL, tag text NOT NULL);
  INSERT INTO sales._prisma_migrations (id, checksum, finished_at, migration_name, applied_steps_count)
    VALUES ('x', 'x', now(), '99990101000000_of_the_next_version', 1)`;

type Update = { kind: string; turn: { id: string; role: string } };
const turns = `subscription($id: ID!, $after: String) { conversationTurns(conversationId: $id, after: $after) { kind turn { id role } } }`;
type Conversation = { readonly id: string; readonly client: Client; readonly live: Live<Update>; sent: number };

describe('a version N while the database is migrated to N+1 under it', () => {
  let platform: TestPlatform;
  let admin: pg.Client;
  before(async () => {
    platform = await startTestPlatform();
    admin = new pg.Client({ connectionString: platform.database.adminUrl });
    await admin.connect();
  });
  after(async () => {
    await admin?.end();
    await platform?.stop();
  });

  test('L09: it goes on without an error, takes nothing from what N+1 writes, and starts on it', async () => {
    const { accessToken: token } = await signUp(platform.url);
    const { agentId } = await createAgent(platform.url, token);
    const conversations: Conversation[] = [];
    for (let n = 0; n < 4; n++) {
      const { conversation } = await startConversation(platform.url, token, agentId);
      const client = socket(platform.url, token);
      const { id, turnsCursor } = conversation;
      const live = watch<Update>(client, 'conversationTurns', turns, { id, after: turnsCursor });
      conversations.push({ id, client, live, sent: 0 });
    }
    const replies = ({ live }: Conversation) =>
      live.items.filter(({ kind, turn }) => kind === 'COMPLETED' && turn.role === 'AGENT').length;
    let isOver = false;
    const failures: unknown[] = [];
    const talk = async (one: Conversation): Promise<void> => {
      for (; !isOver; await delay(50)) {
        await sendMessage(platform.url, token, one.id, 'How much is the Pro plan?', randomUUID());
        one.sent += 1;
        await ask(platform.url, 'query($id: ID!) { agent(id: $id) { name } }', { id: agentId }, token);
        await until('a reply', () => replies(one) === one.sent, 30_000);
      }
    };
    const talking = Promise.all(conversations.map((one) => talk(one).catch((error: unknown) => failures.push(error))));
    // Every statement is prepared on some connection by then.
    await until('replies', () => conversations.every((one) => replies(one) >= 2), 30_000);
    for (const statement of expansion.split(';\n')) await admin.query(statement);
    const before = conversations.map(replies);
    // N+1 writes what N does not know.
    await admin.query("UPDATE sales.conversation SET priority = 1, topic = 'prices'");
    await until(
      'more replies',
      () => failures.length > 0 || conversations.every((one, n) => replies(one) >= (before[n] ?? 0) + 3),
      40_000,
    );
    isOver = true;
    await talking;
    assert.deepEqual(failures, []);
    const { rows } = await admin.query('SELECT DISTINCT priority, topic FROM sales.conversation');
    assert.deepEqual(rows, [{ priority: 1, topic: 'prices' }]);
    await Promise.all(conversations.map(({ client }) => client.dispose()));

    const environment = {
      ...patient,
      ...(await testEngines()),
      PORT: '0',
      DATABASE_URL: platform.database.url,
      DATA_DIR: platform.dataDir,
    };
    const another = await startPlatform(
      platformConfig(environment),
      environment,
      createLog({ level: 'silent', service: 'test' }),
    );
    try {
      const { conversation } = await startConversation(another.url, token, agentId);
      assert.equal((await sendMessage(another.url, token, conversation.id, 'Hello.')).turn?.sequence, 1);
    } finally {
      await another.stop();
    }
  });
});
