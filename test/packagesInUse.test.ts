import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Gateway } from '@parley/gateway/server';
import { createLog } from '@parley/kernel/log';
import type { PubSub } from '@parley/kernel/pubsub';
import { type GraphQLSchema, graphql, isObjectType } from 'graphql';
import { WebSocket } from 'ws';
import { openLink } from './testkit/faultyLink.ts';
import { type MiniRedis, startMiniRedis } from './testkit/miniRedis.ts';
import { freePort } from './testkit/platformProcess.ts';

/**
 * The packages the product is built on, each at work in our own code: without the package, the test of its name fails.
 * Our modules are imported inside the tests, so that one missing package fails its own and not the file.
 */
describe('packages in use', () => {
  const root = new URL('..', import.meta.url);
  const silent = async () => (await import('@parley/kernel/log')).createLog({ level: 'silent', service: 'test' });
  const withGateway = async (work: (gateway: Gateway) => Promise<void>) => {
    const { startGateway } = await import('@parley/gateway/server');
    const { gatewayConfig } = await import('@parley/gateway/config');
    const gateway = await startGateway({
      config: { ...gatewayConfig({}), port: 0 },
      supergraphSdl: await readFile(new URL('supergraph.graphql', root), 'utf8'),
      subgraphs: {},
      log: await silent(),
    });
    // Port 0 is read back from the URL.
    await work(gateway).finally(() => gateway.close());
  };
  const agentSchema = async () => (await import('../subgraphs/agent/schema/index.ts')).schema as GraphQLSchema;

  test('@apollo/server answers GraphQL over HTTP: media types, methods, and no request a form could forge (A07 A08 A10)', () =>
    withGateway(async ({ url }) => {
      const { ApolloServer } = await import('@apollo/server');
      assert.ok(ApolloServer);
      const query = encodeURIComponent('{ __typename }');
      const preflighted = { 'apollo-require-preflight': 'true' };
      const got = await fetch(`${url}?query=${query}`, {
        headers: { ...preflighted, accept: 'application/graphql-response+json' },
      });
      assert.equal(got.headers.get('content-type')?.split(';')[0], 'application/graphql-response+json');
      assert.deepEqual(await got.json(), { data: { __typename: 'Query' } });
      assert.equal((await fetch(`${url}?query=${query}`)).status, 400);
      const mutation = encodeURIComponent('mutation { signOut { __typename } }');
      assert.equal((await fetch(`${url}?query=${mutation}`, { headers: preflighted })).status, 405);
      assert.equal(
        (await fetch(url, { method: 'POST', body: '{}', headers: { 'content-type': 'text/plain' } })).status >= 400,
        true,
      );
    }));

  test('@apollo/gateway loads the supergraph, and keeps it when another is unfit (C26)', async () => {
    const { CompilingGateway } = await import('../gateway/planning/apolloGateway.ts');
    const { ApolloGateway } = await import('@apollo/gateway');
    assert.ok(CompilingGateway.prototype instanceof ApolloGateway);
    await withGateway(async (gateway) => {
      await assert.rejects(gateway.loadSupergraph('type Query { a: Int }'));
      const answer = await fetch(gateway.url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ query: '{ __type(name: "Conversation") { name } }' }),
      });
      assert.deepEqual(await answer.json(), { data: { __type: { name: 'Conversation' } } });
    });
  });

  test('graphql-ws speaks graphql-transport-ws at the gateway, and a syntax error costs only its own operation (E01 E16)', () =>
    withGateway(async ({ url }) => {
      const socket = new WebSocket(url.replace('http', 'ws'), 'graphql-transport-ws');
      const received: { type: string; id?: string; payload?: unknown }[] = [];
      socket.on('message', (message) => received.push(JSON.parse(String(message))));
      await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
      const until = async (count: number) => {
        for (const deadline = Date.now() + 5000; received.length < count && Date.now() < deadline; ) await delay(5);
      };
      socket.send(JSON.stringify({ type: 'connection_init' }));
      await until(1);
      socket.send(JSON.stringify({ type: 'subscribe', id: '1', payload: { query: '{ viewer {' } }));
      await until(2);
      socket.send(JSON.stringify({ type: 'subscribe', id: '2', payload: { query: '{ __typename }' } }));
      await until(4);
      socket.close();
      assert.deepEqual(
        received.map(({ type, id }) => [type, id]),
        [
          ['connection_ack', undefined],
          ['error', '1'],
          ['next', '2'],
          ['complete', '2'],
        ],
      );
      assert.deepEqual(received[2]?.payload, { data: { __typename: 'Query' } });
    }));

  test('@apollo/subgraph makes federated schemas of ours and prints the SDL that is composed', async () => {
    const { printSubgraphSchema } = await import('@apollo/subgraph');
    const sdl = printSubgraphSchema(await agentSchema());
    assert.equal(`${sdl}\n`, await readFile(new URL('subgraphs/agent/schema.graphql', root), 'utf8'));
    await promisify(execFile)(process.execPath, ['scripts/printSchemas.ts', '--check'], { cwd: fileURLToPath(root) });
    const { data } = await graphql({ schema: await agentSchema(), source: '{ _service { sdl } }' });
    assert.match(JSON.stringify(data), /requiresScopes/);
  });

  test('@pothos/core builds the schemas: what the kernel shares by value is in each', async () => {
    const { default: SchemaBuilder } = await import('@pothos/core');
    const { builder } = await import('../subgraphs/agent/schema/builder.ts');
    assert.ok(builder instanceof SchemaBuilder);
    const refusal = (await agentSchema()).getType('Refusal');
    assert.ok(isObjectType(refusal));
    assert.deepEqual(Object.keys(refusal.getFields()).sort(), ['code', 'issues', 'message', 'retryAfterMs']);
  });

  test('dataloader reads what many turns ask for at once', async () => {
    const { default: DataLoader } = await import('dataloader');
    assert.ok(DataLoader);
    const asked: string[][] = [];
    const ids = [randomUUID(), randomUUID(), randomUUID()];
    const findMany = async ({ where }: { where: { turnId: { in: string[] } } }) => {
      asked.push(where.turnId.in);
      return where.turnId.in.map((turnId) => ({ turnId, model: `model of ${turnId}` }));
    };
    const { data, errors } = await graphql({
      schema: await agentSchema(),
      source: 'query($of: [_Any!]!) { _entities(representations: $of) { ... on Turn { reply { model } } } }',
      variableValues: { of: ids.map((id) => ({ __typename: 'Turn', id })) },
      contextValue: {
        actor: {
          kind: 'USER',
          id: 'u',
          tenantId: randomUUID(),
          role: 'OWNER',
          scopes: ['conversations:read'],
          conversationId: null,
        },
        db: { replyTrace: { findMany } },
        requestId: 'r',
      },
    });
    assert.equal(errors, undefined);
    assert.deepEqual(JSON.parse(JSON.stringify(data)), {
      _entities: ids.map((id) => ({ reply: { model: `model of ${id}` } })),
    });
    assert.deepEqual(asked, [ids]);
  });

  test('prisma reads and writes rows, each tenant its own', async () => {
    assert.ok((await import('@prisma/client/runtime/client')).getPrismaClient);
    const { testDatabase } = await import('./testkit/database.ts');
    const { openPool } = await import('@parley/kernel/database');
    const { openSalesDatabase } = await import('../subgraphs/sales/infrastructure/database.ts');
    const database = await testDatabase();
    const pool = openPool(database.url, { max: 2 });
    const sales = openSalesDatabase(pool);
    try {
      const [mine, theirs] = [randomUUID(), randomUUID()];
      const row = { tenantId: mine, id: randomUUID(), name: 'Ada', email: null, phone: null, createdAt: new Date(0) };
      await sales.forTenant(mine).contact.create({ data: row });
      assert.deepEqual(await sales.forTenant(mine).contact.findMany(), [row]);
      assert.deepEqual(await sales.forTenant(theirs).contact.findMany(), []);
      await assert.rejects(sales.forTenant(theirs).contact.create({ data: { ...row, id: randomUUID() } }));
    } finally {
      await sales.close();
      await pool.end();
      await database.drop();
    }
  });

  describe('over Redis', () => {
    // REDIS_URL: the real one; otherwise as much of its protocol as is needed.
    const given = process.env['REDIS_URL'];
    let redis: MiniRedis | null = null;
    const pubsubs: PubSub[] = [];
    before(async () => {
      if (given === undefined) redis = await startMiniRedis();
    });
    after(async () => {
      for (const pubsub of pubsubs) await pubsub.close();
      await redis?.stop();
    });
    const open = async (url = given ?? redis?.url ?? ''): Promise<PubSub> => {
      const { redisPubSub } = await import('@parley/kernel/redisPubSub');
      const pubsub = redisPubSub(url, await silent());
      pubsubs.push(pubsub);
      return pubsub;
    };
    const until = async (test: () => boolean) => {
      for (const deadline = Date.now() + 5000; !test() && Date.now() < deadline; ) await delay(10);
      assert.ok(test());
    };

    test('graphql-redis-subscriptions carries messages between processes, as they were, to each listener until it leaves', async () => {
      assert.ok((await import('graphql-redis-subscriptions')).RedisPubSub);
      const [here, there] = [await open(), await open()];
      const channel = `test:${randomUUID()}`;
      const [one, two]: [unknown[], unknown[]] = [[], []];
      const leave = await there.subscribe(channel, (message) => one.push(message));
      await there.subscribe(channel, (message) => two.push(message));
      const message = { text: 'señor 🙂', position: 1, nothing: null, list: [1, { a: true }] };
      await here.publish(channel, message);
      await until(() => two.length === 1);
      assert.deepEqual([one, two], [[message], [message]]);
      await leave();
      await here.publish(channel, null);
      await until(() => two.length === 2);
      assert.deepEqual([one, two], [[message], [message, null]]);
    });

    test('L11: who joins or leaves a channel while Redis is away harms nobody, and is told once it is back', async () => {
      const target = new URL(given ?? redis?.url ?? '');
      const link = await openLink(() => ({ port: Number(target.port) }));
      const led = new URL(target);
      led.port = String(link.port);
      const here = await open(led.toString());
      const leave = await here.subscribe(`test:${randomUUID()}`, () => {});
      link.set({ kind: 'cut' });
      const channel = `test:${randomUUID()}`;
      const seen: unknown[] = [];
      await here.subscribe(channel, (message) => seen.push(message));
      await leave();
      // A rejection that nobody has heard would fail this test by now.
      await delay(500);
      assert.equal(seen.length, 0);
      link.set({ kind: 'none' });
      await until(() => seen.includes(null));
      const there = await open();
      for (const deadline = Date.now() + 5000; !seen.includes('back') && Date.now() < deadline; await delay(50))
        await there.publish(channel, 'back');
      assert.ok(seen.includes('back'));
      await here.close();
      await link.close();
    });

    test('ioredis holds the connections: it comes back after a cut and goes on listening', {
      skip: given !== undefined && 'cuts our own stand-in only',
    }, async () => {
      assert.ok((await import('ioredis')).Redis);
      const [here, there] = [await open(), await open()];
      const channel = `test:${randomUUID()}`;
      const seen: unknown[] = [];
      await there.subscribe(channel, (message) => seen.push(message));
      redis?.cut();
      // A message published while it is away is lost, and nobody is thrown at.
      await here.publish(channel, 'lost perhaps');
      for (const deadline = Date.now() + 5000; !seen.includes('back') && Date.now() < deadline; await delay(50))
        await here.publish(channel, 'back');
      assert.ok(seen.includes('back'));
      assert.ok(
        (redis?.commands.filter(([name, of]) => name?.toLowerCase() === 'subscribe' && of === channel).length ?? 0) >=
          2,
      );
    });
  });

  test('kafkajs carries the bus: without a broker it says so, and half a configuration is refused by name', async () => {
    assert.ok((await import('kafkajs')).Kafka);
    const { kafkaBus } = await import('@parley/kernel/kafkaBus');
    const { platformConfig } = await import('../config.ts');
    const port = await freePort();
    const bus = kafkaBus(
      { brokers: [`127.0.0.1:${port}`], clientId: 'test', sasl: null, prefix: '', partitions: 1, replication: null },
      createLog({ level: 'silent', service: 'test' }),
    );
    await assert.rejects(
      bus.publish('test.events', []),
      (error: Error) => /^KafkaJS/.test(error.name) && error.message.includes(`127.0.0.1:${port}`),
    );
    await bus.close();
    const brokers = { KAFKA_BROKERS: 'a:9092, b:9092' };
    assert.deepEqual(platformConfig({ ...brokers, KAFKA_USERNAME: 'u', KAFKA_PASSWORD: 'p' }).kafka, {
      brokers: ['a:9092', 'b:9092'],
      clientId: 'parley',
      prefix: '',
      partitions: 12,
      replication: null,
      sasl: { username: 'u', password: 'p' },
    });
    for (const [environment, name] of [
      [{ ...brokers, KAFKA_USERNAME: 'u' }, 'KAFKA_PASSWORD'],
      [{ ...brokers, KAFKA_PASSWORD: 'p' }, 'KAFKA_USERNAME'],
      [{ KAFKA_CLIENT_ID: 'c' }, 'KAFKA_BROKERS'],
      [{ KAFKA_BROKERS: 'a' }, 'KAFKA_BROKERS'],
    ] as const)
      assert.throws(
        () => platformConfig(environment),
        (error: Error) => error.name === 'ConfigError' && error.message.startsWith(name),
      );
  });
});
