import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { bootstrap, migrate } from '@parley/kernel/migrate';
import pg from 'pg';
import { contexts } from '../contexts.ts';
import { startPostgres } from '../deploy/services/postgres.ts';
import type { RunningServer } from '../deploy/services/server.ts';
import { type Answer, ask, createAgent, post, signUp, startConversation } from './testkit/graphql.ts';
import { startTestPlatform, type TestPlatform } from './testkit/platform.ts';
import { mountSmallDisk, type SmallDisk } from './testkit/smallDisk.ts';
import { until } from './testkit/until.ts';

const addDocument = `mutation($input: AddKnowledgeDocumentInput!) { addKnowledgeDocument(input: $input) {
  __typename ... on AddKnowledgeDocumentSuccess { document { id } } } }`;
const sendMutation = `mutation($input: SendMessageInput!) { sendMessage(input: $input) { __typename } }`;

/** The database lies on a disk of its own; PostgreSQL's log does not, as is usual. */
describe('the disk of the database is full', () => {
  let folder: string;
  let server: RunningServer;
  let disk: SmallDisk;
  let platform: TestPlatform;
  let admin: pg.Client;
  let token: string;
  let conversationId: string;
  let knowledgeBaseId: string;
  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'parley-disk-'));
    await chmod(folder, 0o755);
    server = await startPostgres({ folder, cacheFolder: folder });
    disk = await mountSmallDisk(path.join(folder, 'small'), 48, path.join(folder, 'postgres'));
    const first = new pg.Client({ connectionString: server.url });
    await first.connect();
    await first.query(`CREATE TABLESPACE small LOCATION '${disk.folder}'`);
    await first.query('CREATE DATABASE on_small_disk TABLESPACE small');
    await first.end();
    const on = (url: string) => {
      const there = new URL(url);
      there.pathname = '/on_small_disk';
      return there.toString();
    };
    await bootstrap(on(server.url));
    await migrate(on(server.url), contexts);
    platform = await startTestPlatform({ DATABASE_URL: on(server.env['DATABASE_URL'] ?? ''), LOG_LEVEL: 'silent' });
    admin = new pg.Client({ connectionString: on(server.url) });
    await admin.connect();
    token = (await signUp(platform.url)).accessToken;
    const agent = await createAgent(platform.url, token);
    knowledgeBaseId = agent.knowledgeBaseId;
    conversationId = (await startConversation(platform.url, token, agent.agentId)).conversation.id;
  });
  after(async () => {
    await platform?.stop();
    await admin?.end();
    await server?.stop();
    disk?.unmount();
    await rm(folder, { recursive: true, force: true });
  });

  const assertComeBack = ({ errors }: Answer): void => {
    assert.equal(errors?.[0]?.extensions?.['code'], 'SERVICE_UNAVAILABLE', JSON.stringify(errors));
    assert.equal(errors?.[0]?.extensions?.['retryAfterMs'], 1000);
    assert.doesNotMatch(JSON.stringify(errors), /extend|space|device|base\//i);
  };
  const add = (title: string): Promise<Answer> => {
    const text = Array.from({ length: 400 }, () => randomBytes(60).toString('base64')).join('. ');
    return post(platform.url, addDocument, { input: { knowledgeBaseId, title, text } }, token);
  };
  const documents = async (): Promise<string[]> =>
    (await admin.query<{ title: string }>('SELECT title FROM agent.knowledge_document ORDER BY title')).rows.map(
      ({ title }) => title,
    );

  test('L06: reads go on and tell the truth, writes are refused whole and say when to come back, and go on once there is room', async () => {
    assert.equal((await add('A before')).errors, undefined);
    disk.fill();
    assertComeBack(await add('B while it is full'));
    let accepted = 0;
    let refused: Answer | null = null;
    // There is room left in the pages that tables have.
    await until('a message that is refused', async () => {
      const input = { conversationId, text: `Hello ${'x'.repeat(2000)}`, clientMessageId: randomUUID() };
      const answer = await post(platform.url, sendMutation, { input }, token);
      if (answer.errors === undefined) accepted += 1;
      else refused = answer;
      return refused !== null;
    });
    assertComeBack(refused as unknown as Answer);
    assert.deepEqual(await documents(), ['A before', 'Price list']);
    const { conversation } = await ask<{ conversation: { turns: { edges: { node: { role: string } }[] } } }>(
      platform.url,
      'query($id: ID!) { conversation(id: $id) { turns(last: 100) { edges { node { role } } } } }',
      { id: conversationId },
      token,
    );
    const customer = conversation.turns.edges.filter(({ node }) => node.role === 'CUSTOMER');
    assert.equal(customer.length, accepted);
    assert.equal((await fetch(`${platform.url}/health/ready`)).status, 200);

    disk.clear();
    await until('writes', async () => (await add('C after')).errors === undefined, 5000);
    assert.deepEqual(await documents(), ['A before', 'C after', 'Price list']);
  });
});
