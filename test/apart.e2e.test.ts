import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { type ServiceName, subgraphNames } from '../apart/services.ts';
import { type TestDatabase, testDatabase } from './testkit/database.ts';
import { ask, createAgent, post, sendMessage, signUp, socket, startConversation } from './testkit/graphql.ts';
import { watch } from './testkit/live.ts';
import { temporaryFolder } from './testkit/platform.ts';
import { freePort, type PlatformProcess, refusedStart, startPlatformProcess } from './testkit/platformProcess.ts';

type Update = {
  kind: string;
  textDelta: string | null;
  turn: { id: string; role: string; text: string; conversation: { agent: { name: string } } };
};
const turns = `subscription($id: ID!, $after: String) { conversationTurns(conversationId: $id, after: $after) {
  kind textDelta turn { id role text conversation { agent { name } } } } }`;
const audio = 'subscription($id: ID!) { audioChunks(conversationId: $id) { isFinal url turn { id } } }';
const secret = 'services that run apart know this one';

/** Six processes, one database: sales and agent on Unix sockets, the others on TCP. */
describe('all six services apart', () => {
  let database: TestDatabase;
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let environment: Record<string, string>;
  const running = new Map<ServiceName, PlatformProcess>();
  let url: string;
  const startOne = async (name: ServiceName) => {
    running.set(name, await startPlatformProcess(environment, [name]));
  };
  before(async () => {
    database = await testDatabase();
    folder = await temporaryFolder();
    const port = await freePort();
    environment = {
      DATABASE_URL: database.url,
      DATABASE_POOL_SIZE: '6',
      DATA_DIR: folder.path,
      PORT: port,
      PUBLIC_URL: `http://127.0.0.1:${port}`,
      SUBGRAPH_SECRET: secret,
      SUBGRAPH_SALES_URL: `unix:${folder.path}/sales.sock`,
      SUBGRAPH_AGENT_URL: `unix:${folder.path}/agent.sock`,
      SUBGRAPH_AUTH_URL: `http://127.0.0.1:${await freePort()}`,
      SUBGRAPH_VOICE_URL: `http://127.0.0.1:${await freePort()}`,
      SUBGRAPH_ANALYTICS_URL: `http://127.0.0.1:${await freePort()}`,
    };
    // In no particular order: each waits for nobody.
    await Promise.all((['gateway', ...subgraphNames] as const).map(startOne));
    url = running.get('gateway')?.url ?? '';
  });
  after(async () => {
    await Promise.all([...running.values()].map((one) => one.stop()));
    await folder?.remove();
    await database?.drop();
  });

  test('sign-up to a streamed, spoken reply, and its numbers, through the gateway', async () => {
    const owner = await signUp(url);
    const { agentId } = await createAgent(url, owner.accessToken);
    const { conversation, visitorToken } = await startConversation(url, owner.accessToken, agentId);
    const { id } = conversation;
    const client = socket(url, visitorToken);
    const live = watch<Update>(client, 'conversationTurns', turns, { id, after: conversation.turnsCursor });
    const heard = watch<{ isFinal: boolean; url: string }>(client, 'audioChunks', audio, { id });
    await delay(500);
    assert.equal((await sendMessage(url, visitorToken, id, 'How much is the Pro plan?')).turn?.sequence, 1);
    const done = await live.until(({ kind, turn }) => kind === 'COMPLETED' && turn.role === 'AGENT', 'a reply');
    assert.match(done.turn.text, /49/);
    assert.equal(done.turn.conversation.agent.name, 'Ana');
    const deltas = live.items.filter(({ turn }) => turn.id === done.turn.id).map(({ textDelta }) => textDelta ?? '');
    assert.equal(deltas.join(''), done.turn.text);
    assert.ok(deltas.length > 2, 'it came in one piece');
    await heard.until(({ isFinal }) => isFinal, 'the last sentence');

    const link = heard.items[0]?.url ?? '';
    assert.ok(link.startsWith(url), link);
    const part = await fetch(link, { headers: { range: 'bytes=0-99' } });
    assert.equal(part.status, 206);
    assert.equal((await part.arrayBuffer()).byteLength, 100);
    assert.equal((await fetch(link.replace(/signature=.{4}/, 'signature=AAAA'))).status, 403);
    assert.equal((await fetch(`${url}/.well-known/jwks.json`)).status, 200);

    // Events reach analytics over HTTP: from sales' outbox, at least once.
    const query = 'query($id: ID!) { conversation(id: $id) { metrics { turnCount } } }';
    type Measured = { conversation: { metrics: { turnCount: number } | null } };
    for (const deadline = Date.now() + 15_000; ; await delay(100)) {
      const { metrics } = (await ask<Measured>(url, query, { id }, owner.accessToken)).conversation;
      if (metrics?.turnCount === 2) break;
      assert.ok(Date.now() < deadline, JSON.stringify(metrics));
    }
    await client.dispose();
  });

  test('D05: a service that is gone costs its own fields only, and is found again when it is back', async () => {
    const owner = await signUp(url);
    const { agentId } = await createAgent(url, owner.accessToken);
    const query = 'query($id: ID!) { agent(id: $id) { name } voices(first: 1) { edges { node { id } } } }';
    await running.get('voice')?.kill();
    const { data, errors } = await post(url, query, { id: agentId }, owner.accessToken);
    assert.deepEqual(data, { agent: { name: 'Ana' }, voices: null });
    assert.equal(errors?.[0]?.extensions?.['code'], 'SUBGRAPH_UNAVAILABLE');
    assert.doesNotMatch(JSON.stringify(errors), /127\.0\.0\.1|ECONN|sock/);
    await startOne('voice');
    for (const deadline = Date.now() + 15_000; ; await delay(100)) {
      const again = await post(url, query, { id: agentId }, owner.accessToken);
      if (again.errors === undefined) break;
      assert.ok(Date.now() < deadline, JSON.stringify(again.errors));
    }
  });

  for (const victim of ['agent', 'voice', 'sales'] as const)
    test(`a message whose reply ${victim} died in is answered once, and every turn is there`, async () => {
      const owner = await signUp(url);
      const { agentId } = await createAgent(url, owner.accessToken);
      const { conversation, visitorToken } = await startConversation(url, owner.accessToken, agentId);
      const { id } = conversation;
      const client = socket(url, visitorToken);
      const live = watch<Update>(client, 'conversationTurns', turns, { id, after: conversation.turnsCursor });
      await delay(300);
      await sendMessage(url, visitorToken, id, 'How much is the Pro plan?');
      await live.until(({ kind }) => kind === 'DELTA', 'its first words');
      await running.get(victim)?.kill();
      await startOne(victim);
      const query =
        'query($id: ID!) { conversation(id: $id) { turns(first: 9) { edges { node { sequence role state text } } } } }';
      type Turns = { conversation: { turns: { edges: { node: { role: string; state: string; text: string } }[] } } };
      for (const deadline = Date.now() + 30_000; ; await delay(200)) {
        const { data } = await post(url, query, { id }, visitorToken);
        const nodes = (data as Turns | null)?.conversation?.turns.edges.map(({ node }) => node) ?? [];
        if (nodes.length === 2 && nodes.every(({ state }) => state === 'COMPLETED')) {
          assert.match(nodes[1]?.text ?? '', /49/);
          break;
        }
        assert.ok(Date.now() < deadline, JSON.stringify(nodes));
      }
      await client.dispose();
    });

  test('C09, C10: headers of a client neither pass the gateway nor open a subgraph', async () => {
    const owner = await signUp(url);
    const headers = {
      'content-type': 'application/json',
      'x-tenant-id': 'other',
      'parley-actor': Buffer.from('{"tenantId":"other"}').toString('base64url'),
      authorization: `Bearer ${owner.accessToken}`,
    };
    const body = JSON.stringify({ query: '{ viewer { id } }' });
    const through = await fetch(`${url}/graphql`, { method: 'POST', headers, body });
    assert.equal(((await through.json()) as { data: { viewer: { id: string } } }).data.viewer.id, owner.viewer.id);
    const direct = await fetch(`${environment['SUBGRAPH_AUTH_URL']}/graphql`, { method: 'POST', headers, body });
    assert.equal(direct.status, 401);
    const sdl = await fetch(`${environment['SUBGRAPH_AUTH_URL']}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"query":"{ _service { sdl } }"}',
    });
    assert.equal(sdl.status, 401);
    assert.doesNotMatch(await sdl.text(), /type /);
  });

  test('K16: a service by itself tells how long its events have waited', async () => {
    const metrics = await fetch(`${environment['SUBGRAPH_AUTH_URL']}/metrics`);
    assert.equal(metrics.status, 200);
    assert.match(
      await metrics.text(),
      /^parley_events_oldest_seconds\{stage="outbox",topic="auth\.events",group="",partition=""\} [\d.]+$/m,
    );
  });

  test('each ends in order when it is told to', async () => {
    const names = [...running.keys()].reverse();
    const codes = await Promise.all(names.map((name) => running.get(name)?.stop()));
    assert.deepEqual(
      codes,
      names.map(() => 0),
    );
    running.clear();
  });
});

describe('M14 a service that is half configured', { concurrency: 2 }, () => {
  const base = {
    DATABASE_URL: 'postgres://a@127.0.0.1:1/x',
    SUBGRAPH_SECRET: secret,
    SUBGRAPH_SALES_URL: 'unix:/tmp/none.sock',
  };
  // Elsewhere what is not named is where supergraph.yaml says.
  const inProduction = { ...base, NODE_ENV: 'production' };
  const cases: [ServiceName | 'nobody', Record<string, string>, string][] = [
    ['gateway', inProduction, 'SUBGRAPH_AUTH_URL'],
    ['sales', inProduction, 'SUBGRAPH_AUTH_URL'],
    ['voice', base, 'PUBLIC_URL'],
    ['analytics', { ...base, SUBGRAPH_SECRET: '' }, 'SUBGRAPH_SECRET'],
    ['analytics', { ...base, SUBGRAPH_SECRET: 'too short' }, 'SUBGRAPH_SECRET'],
    ['analytics', inProduction, 'SUBGRAPH_ANALYTICS_URL'],
    ['analytics', { ...base, SUBGRAPH_ANALYTICS_URL: 'analytics:4104' }, 'SUBGRAPH_ANALYTICS_URL'],
    ['analytics', { ...base, DATABASE_URL: '', SUBGRAPH_ANALYTICS_URL: 'unix:/tmp/a.sock' }, 'DATABASE_URL'],
  ];
  for (const [service, environment, name] of cases)
    test(`stops the start of ${service} with one line that names ${name}`, async () => {
      const { code, output } = await refusedStart({ PORT: '0', ...environment }, 20_000, [service]);
      assert.equal(code, 1, output);
      assert.match(output, new RegExp(`^parley: .*\\b${name}\\b.*\\n$`), 'one line, naming the variable');
      assert.doesNotMatch(output, /too short|analytics:4104/);
    });

  test('a service nobody knows', async () => {
    const { code, output } = await refusedStart({}, 20_000, ['nobody']);
    assert.equal(code, 2);
    assert.match(output, /nobody is not known.*gateway\|auth/);
  });
});
