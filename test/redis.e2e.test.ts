import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { type TestDatabase, testDatabase } from './testkit/database.ts';
import { ask, createAgent, post, sendMessage, signUp, socket, startConversation } from './testkit/graphql.ts';
import { watch } from './testkit/live.ts';
import { temporaryFolder } from './testkit/platform.ts';
import { freePort, type PlatformProcess, startPlatformProcess } from './testkit/platformProcess.ts';

const given = process.env['REDIS_URL'];

/** Two processes, one database, one data folder: what one does, subscribers of the other see at once. */
describe('over Redis between two processes', { skip: given === undefined && 'REDIS_URL names no Redis' }, () => {
  let database: TestDatabase;
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let here: PlatformProcess;
  let there: PlatformProcess;
  before(async () => {
    database = await testDatabase();
    folder = await temporaryFolder();
    // A database of Redis' own for this run: its channels are shared across all of them, ids keep them apart.
    const environment = {
      REDIS_URL: given ?? '',
      DATABASE_URL: database.url,
      DATA_DIR: folder.path,
      DATABASE_POOL_SIZE: '10',
    };
    here = await startPlatformProcess({ ...environment, PORT: await freePort() });
    there = await startPlatformProcess({ ...environment, PORT: await freePort() });
  });
  after(async () => {
    await here?.stop();
    await there?.stop();
    await folder?.remove();
    await database?.drop();
  });

  type Update = {
    cursor: string;
    kind: string;
    textDelta: string | null;
    at: number;
    turn: { id: string; role: string; text: string; createdAt: string; conversation: { agent: { name: string } } };
  };
  const turns = `subscription($id: ID!, $after: String) { conversationTurns(conversationId: $id, after: $after) {
    cursor kind textDelta turn { id role text createdAt conversation { agent { name } } } } }`;
  const audio = 'subscription($id: ID!) { audioChunks(conversationId: $id) { id sequence isFinal url turn { id } } }';
  const changes = 'subscription($id: ID!) { conversationUpdated(conversationId: $id) { status outcome } }';

  test('F08 a conversation written in one process streams, speaks and ends in the other, live', async () => {
    const owner = await signUp(here.url, `Redis ${randomBytes(3).toString('hex')}`);
    const { agentId } = await createAgent(here.url, owner.accessToken);
    const { conversation, visitorToken } = await startConversation(here.url, owner.accessToken, agentId);
    const { id } = conversation;
    const client = socket(there.url, visitorToken);
    const live = watch<Update>(client, 'conversationTurns', turns, { id, after: conversation.turnsCursor });
    const heard = watch<{ id: string; sequence: number; isFinal: boolean; url: string }>(client, 'audioChunks', audio, {
      id,
    });
    const changed = watch<{ status: string; outcome: string }>(client, 'conversationUpdated', changes, { id });
    await delay(500);

    const sent = performance.now();
    await sendMessage(here.url, visitorToken, id, 'How much is the Pro plan?');
    await live.until(({ kind }) => kind === 'COMPLETED', 'the customer’s turn');
    // The store is looked at every 5 s in any case: sooner than that, it was Redis.
    assert.ok(performance.now() - sent < 3000);
    const done = await live.until(({ kind, turn }) => kind === 'COMPLETED' && turn.role === 'AGENT', 'a reply');
    assert.ok(performance.now() - sent < 4500, 'not live');
    const deltas = live.items.filter(({ turn }) => turn.id === done.turn.id).map(({ textDelta }) => textDelta ?? '');
    assert.equal(deltas.join(''), done.turn.text);
    assert.match(done.turn.text, /49/);
    assert.equal(done.turn.conversation.agent.name, 'Ana');
    assert.ok(!Number.isNaN(Date.parse(done.turn.createdAt)));
    await heard.until(({ isFinal }) => isFinal, 'the last sentence');
    assert.deepEqual(
      heard.items.map(({ sequence }) => sequence),
      heard.items.map((_, index) => index + 1),
    );
    // One data folder: audio made in one process plays from the other.
    const link = heard.items[0]?.url ?? '';
    assert.equal((await fetch(link)).status, 200);

    const cursor = live.items[2]?.cursor ?? '';
    const again = watch<Update>(socket(here.url, visitorToken), 'conversationTurns', turns, { id, after: cursor });
    await ask(
      there.url,
      'mutation($id: ID!) { endConversation(input: { conversationId: $id, outcome: CONVERTED }) { __typename } }',
      { id },
      visitorToken,
    );
    await Promise.all([live.completed, heard.completed, changed.completed, again.completed]);
    assert.deepEqual(changed.items.at(-1), { status: 'ENDED', outcome: 'CONVERTED' });
    const joined = again.items.filter(({ turn }) => turn.id === done.turn.id).map(({ textDelta }) => textDelta ?? '');
    assert.equal(joined.join(''), done.turn.text);
    await client.dispose();
  });

  test('messages sent to both processes at once get one reply each and gapless sequences', async () => {
    const owner = await signUp(there.url, `Redis ${randomBytes(3).toString('hex')}`);
    const { agentId } = await createAgent(there.url, owner.accessToken);
    const { conversation, visitorToken } = await startConversation(there.url, owner.accessToken, agentId);
    const { id } = conversation;
    const texts = ['How much is Pro?', 'What does Starter include?', 'Where is my data?', 'Can I cancel?'];
    await Promise.all(
      texts.flatMap((text) =>
        [here, there].map(({ url }) => sendMessage(url, visitorToken, id, text, text.replace(/\W/g, ''))),
      ),
    );
    type Read = {
      conversation: {
        turns: {
          edges: {
            node: { id: string; sequence: number; role: string; state: string; inReplyTo: { id: string } | null };
          }[];
        };
      };
    };
    for (const deadline = Date.now() + 30_000; ; await delay(100)) {
      const { conversation: read } = await ask<Read>(
        here.url,
        'query($id: ID!) { conversation(id: $id) { turns(first: 50) { edges { node { id sequence role state inReplyTo { id } } } } } }',
        { id },
        visitorToken,
      );
      const nodes = read.turns.edges.map(({ node }) => node);
      if (nodes.filter(({ role, state }) => role === 'AGENT' && state === 'COMPLETED').length < texts.length) {
        if (Date.now() > deadline) assert.fail(JSON.stringify(nodes));
        continue;
      }
      assert.deepEqual(
        nodes.map(({ sequence }) => sequence),
        [1, 2, 3, 4, 5, 6, 7, 8],
      );
      assert.equal(
        new Set(nodes.flatMap(({ inReplyTo }) => (inReplyTo === null ? [] : [inReplyTo.id]))).size,
        texts.length,
      );
      break;
    }
  });

  test('G47 a session ended in one process is refused in the other at once', async () => {
    const { accessToken } = await signUp(here.url, `Redis ${randomBytes(3).toString('hex')}`);
    const query = '{ viewer { id } }';
    assert.equal((await post(there.url, query, {}, accessToken)).status, 200);
    await ask(here.url, 'mutation { signOut { __typename } }', {}, accessToken);
    for (const deadline = Date.now() + 3000; ; await delay(50)) {
      if ((await post(there.url, query, {}, accessToken)).status === 401) break;
      assert.ok(Date.now() < deadline, 'still accepted');
    }
  });
});
