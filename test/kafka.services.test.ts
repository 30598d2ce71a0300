import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { EventBus } from '@parley/kernel/bus';
import { startConsumer } from '@parley/kernel/consumer';
import { openPool, type Pool } from '@parley/kernel/database';
import { openDeadLetters } from '@parley/kernel/deadLetters';
import type { StoredEvent } from '@parley/kernel/event';
import { kafkaBus } from '@parley/kernel/kafkaBus';
import { createLog } from '@parley/kernel/log';
import { startOutboxRelay } from '@parley/kernel/outboxRelay';
import kafkajs, { Kafka, logLevel } from 'kafkajs';
import pg from 'pg';
import { startKafka } from '../deploy/services/kafka.ts';
import type { RunningServer } from '../deploy/services/server.ts';
import { type TestDatabase, testDatabase } from './testkit/database.ts';
import { storedEvent } from './testkit/storedEvents.ts';

const log = createLog({ level: 'silent', service: 'test' });
const topic = 'sales.events';
const dyingConsumer = fileURLToPath(new URL('./testkit/dyingConsumer.ts', import.meta.url));
const cacheFolder = fileURLToPath(new URL('../.services', import.meta.url));

const until = async (what: string, holds: () => boolean | Promise<boolean>, patienceMs = 40_000) => {
  for (const deadline = Date.now() + patienceMs; !(await holds()); await delay(50))
    assert.ok(Date.now() < deadline, `${what} did not come`);
};

/** A broker of the test's own, so that it may be ended. */
describe('events over Apache Kafka', () => {
  let folder: string;
  let broker: RunningServer;
  let database: TestDatabase;
  let pool: Pool;
  let admin: pg.Client;
  const tenantId = randomUUID();
  const buses: EventBus[] = [];
  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'parley-kafka-'));
    await chmod(folder, 0o755);
    broker = await startKafka({ folder, cacheFolder });
    database = await testDatabase();
    pool = openPool(database.url, { max: 12 });
    admin = new pg.Client({ connectionString: database.adminUrl });
    await admin.connect();
  });
  after(async () => {
    await Promise.all(buses.map((bus) => bus.close()));
    await pool?.end();
    await admin?.end();
    await database?.drop();
    await broker?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const prefixes = { next: () => `t-${randomBytes(3).toString('hex')}.` };
  const openBus = (prefix: string) => {
    const bus = kafkaBus(
      { brokers: [broker.url], clientId: 'test', sasl: null, prefix, partitions: 4, replication: null },
      log,
    );
    buses.push(bus);
    return bus;
  };
  const eventOf = (aggregateId: string, version: number) => storedEvent(tenantId, aggregateId, version);
  const store = ({ id, aggregateId, version, type, actor }: StoredEvent) =>
    admin.query(
      `INSERT INTO sales.event (tenant_id, id, aggregate_id, version, type, schema_version, data, actor, occurred_at)
       VALUES ($1, $2, $3, $4, $5, 1, '{}', $6, now())`,
      [tenantId, id, aggregateId, version, type, actor],
    );
  const unsent = async () =>
    (await admin.query<{ count: number }>('SELECT count(*)::int FROM sales.event WHERE sent_at IS NULL')).rows[0]
      ?.count;
  /** Takes each event once, as an inbox does; `doubles` counts the rest. */
  const inbox = () => {
    const last = new Map<string, number>();
    const seen = { doubles: 0, last };
    const react = async ({ aggregateId, version }: StoredEvent) => {
      const before = last.get(aggregateId) ?? 0;
      if (version <= before) seen.doubles += 1;
      else if (version > before + 1) throw new Error(`version ${version} came after ${before}`);
      else last.set(aggregateId, version);
    };
    return {
      ...seen,
      react,
      get doubles() {
        return seen.doubles;
      },
    };
  };
  const consume = (bus: EventBus, react: (event: StoredEvent) => Promise<void>) =>
    startConsumer({
      bus,
      group: 'seer',
      topic,
      react,
      upcasters: {},
      letters: openDeadLetters(pool, 'analytics'),
      log,
      retryMs: 1,
    });

  test('K21 the outbox drains over the broker into two consumers of one group, in order per conversation, each event once', async () => {
    const prefix = prefixes.next();
    const seen = inbox();
    const stops = [await consume(openBus(prefix), seen.react), await consume(openBus(prefix), seen.react)];
    const aggregates = Array.from({ length: 20 }, () => randomUUID());
    for (let version = 1; version <= 10; version++)
      for (const aggregateId of aggregates) await store(eventOf(aggregateId, version));
    const relay = startOutboxRelay({ pool, schema: 'sales', topic, bus: openBus(prefix), log, pollMs: 50 });
    await until('the last event', () => aggregates.every((id) => seen.last.get(id) === 10));
    assert.equal(await unsent(), 0);
    await relay.stop();
    for (const stop of stops) await stop();
    const { rows } = await admin.query('SELECT 1 FROM analytics.dead_letter');
    assert.equal(rows.length, 0);
  });

  test('K06 K07 the broker is away: writing goes on, the outbox grows, nothing is marked sent; back, it drains in order', async () => {
    const prefix = prefixes.next();
    const seen = inbox();
    const stop = await consume(openBus(prefix), seen.react);
    const relay = startOutboxRelay({ pool, schema: 'sales', topic, bus: openBus(prefix), log, pollMs: 50 });
    const aggregateId = randomUUID();
    await store(eventOf(aggregateId, 1));
    await until('the first event', () => seen.last.get(aggregateId) === 1);
    process.kill(broker.pid, 'SIGKILL');
    for (let version = 2; version <= 20; version++) await store(eventOf(aggregateId, version));
    await delay(2000);
    assert.equal(await unsent(), 19);
    broker = await startKafka({ folder, cacheFolder, port: broker.port });
    await until('the last event', () => seen.last.get(aggregateId) === 20);
    await until('the mark', async () => (await unsent()) === 0);
    await relay.stop();
    await stop();
  });

  test('K10 K12 a consumer that dies after its effect and before its offset: the event comes again, and counts once', async () => {
    const prefix = prefixes.next();
    const seen = inbox();
    const dying = spawn(process.execPath, [dyingConsumer, broker.url, prefix, topic], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const aggregateId = randomUUID();
    await openBus(prefix).publish(
      topic,
      [1, 2, 3].map((version) => eventOf(aggregateId, version)),
    );
    const [took] = (await once(dying.stdout, 'data')) as [Buffer];
    assert.equal(took.toString().trim(), '1 2 3');
    dying.kill('SIGKILL');
    const stop = await consume(openBus(prefix), seen.react);
    // Its session has to run out first.
    await until('the second delivery', () => seen.last.get(aggregateId) === 3, 40_000);
    assert.equal(seen.doubles, 0);
    await stop();
  });

  test('K06 a consumer that kafkajs gives up is followed by a new one', async () => {
    const bus = openBus(prefixes.next());
    const seen: string[] = [];
    let failures = 2;
    const stop = await bus.consume('seer', [topic], async (events) => {
      if (failures > 0) {
        failures -= 1;
        // As it says of a connection that was closed in the midst of something.
        throw new kafkajs.KafkaJSNonRetriableError('Closed connection');
      }
      seen.push(...events.map(({ id }) => id));
    });
    const event = eventOf(randomUUID(), 1);
    await bus.publish(topic, [event]);
    await until('the event', () => seen.includes(event.id));
    assert.equal(failures, 0);
    await stop();
  });

  test('K13 what is no event, put there by somebody else, is set aside and stops nothing', async () => {
    const prefix = prefixes.next();
    const seen = inbox();
    const stop = await consume(openBus(prefix), seen.react);
    const bus = openBus(prefix);
    await bus.publish(topic, [eventOf(randomUUID(), 1)]);
    const producer = new Kafka({ brokers: [broker.url], logLevel: logLevel.NOTHING }).producer({ idempotent: true });
    await producer.connect();
    await producer.send({
      topic: `${prefix}${topic}`,
      messages: [{ value: 'not JSON' }, { value: null }, { value: '{"id":1}' }],
    });
    await producer.disconnect();
    const aggregateId = randomUUID();
    await bus.publish(topic, [eventOf(aggregateId, 1)]);
    await until('the event behind it', () => seen.last.get(aggregateId) === 1);
    await until('three dead letters', async () => {
      const { rows } = await admin.query<{ count: number }>(
        `SELECT count(*)::int FROM analytics.dead_letter WHERE reason = 'UNREADABLE'`,
      );
      return rows[0]?.count === 3;
    });
    await stop();
  });

  test('K11 while a handler takes longer than a session lasts, its place in the group is kept', async () => {
    const prefix = prefixes.next();
    const seen = inbox();
    let slowOnes = 0;
    const stop = await consume(openBus(prefix), async (event) => {
      slowOnes += 1;
      await delay(15_000);
      await seen.react(event);
    });
    const aggregateId = randomUUID();
    await openBus(prefix).publish(topic, [eventOf(aggregateId, 1)]);
    await until('the slow one', () => seen.last.get(aggregateId) === 1, 60_000);
    assert.equal(slowOnes, 1);
    await stop();
  });
});
