import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { after, before, beforeEach, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { createBacklog } from '@parley/kernel/backlog';
import { startConsumer } from '@parley/kernel/consumer';
import { openPool, type Pool } from '@parley/kernel/database';
import { openDeadLetters } from '@parley/kernel/deadLetters';
import type { StoredEvent } from '@parley/kernel/event';
import { inProcessBus } from '@parley/kernel/inProcessBus';
import { createLog } from '@parley/kernel/log';
import { type OutboxRelay, startOutboxRelay } from '@parley/kernel/outboxRelay';
import type { Upcasters } from '@parley/kernel/upcast';
import pg from 'pg';
import { pino } from 'pino';
import { type TestDatabase, testDatabase } from './testkit/database.ts';
import { storedEvent } from './testkit/storedEvents.ts';

const log = createLog({ level: 'silent', service: 'test' });
const topic = 'sales.events';
const until = async (what: string, holds: () => boolean | Promise<boolean>) => {
  for (const deadline = Date.now() + 15_000; !(await holds()); await delay(20))
    assert.ok(Date.now() < deadline, `${what} did not come`);
};

describe('events on their way', () => {
  let database: TestDatabase;
  let pool: Pool;
  let admin: pg.Client;
  before(async () => {
    database = await testDatabase();
    pool = openPool(database.url, { max: 12 });
    admin = new pg.Client({ connectionString: database.adminUrl });
    await admin.connect();
  });
  after(async () => {
    await pool.end();
    await admin.end();
    await database.drop();
  });
  beforeEach(() => admin.query('DELETE FROM sales.event; DELETE FROM analytics.dead_letter'));

  const tenantId = randomUUID();
  const eventOf = (aggregateId: string, version: number, given: Partial<StoredEvent> = {}) =>
    storedEvent(tenantId, aggregateId, version, given);
  const insert = `INSERT INTO sales.event (tenant_id, id, aggregate_id, version, type, schema_version, data, actor, occurred_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`;
  const store = (event: StoredEvent, client: pg.Client = admin) =>
    client.query(insert, [
      ...[event.tenantId, event.id, event.aggregateId, event.version, event.type],
      ...[event.schemaVersion, event.data, event.actor, event.occurredAt],
    ]);
  const unsent = async () =>
    (await admin.query<{ count: number }>('SELECT count(*)::int FROM sales.event WHERE sent_at IS NULL')).rows[0]
      ?.count;
  const letters = async () =>
    (
      await admin.query<{ version: number; reason: string; detail: string; tries: number }>(
        'SELECT version, reason, detail, tries FROM analytics.dead_letter ORDER BY aggregate_id, version',
      )
    ).rows;
  /** `npm run events -- …` on this database. */
  const events = (...asked: string[]) =>
    promisify(execFile)(process.execPath, ['scripts/events.ts', ...asked], {
      env: { ...process.env, DATABASE_URL: database.url },
    }).then(
      ({ stdout }) => ({ code: 0, output: stdout }),
      (error: { code: number; stderr: string }) => ({ code: error.code, output: error.stderr }),
    );

  test('K04 four relays at once: every event arrives, none before an earlier one of its conversation, none skipped', async () => {
    const seen = new Map<string, number[]>();
    const working = new Set<string>();
    let overlapped = 0;
    const relays: OutboxRelay[] = [];
    for (let index = 0; index < 4; index++) {
      const bus = inProcessBus(log);
      await bus.consume('seer', [topic], async (list) => {
        const { aggregateId } = list[0] as StoredEvent;
        assert.ok(!working.has(aggregateId), 'two relays deliver one conversation at once');
        working.add(aggregateId);
        overlapped = Math.max(overlapped, working.size);
        await delay(Math.random() * 5);
        seen.set(aggregateId, [...(seen.get(aggregateId) ?? []), ...list.map(({ version }) => version)]);
        working.delete(aggregateId);
      });
      relays.push(startOutboxRelay({ pool, schema: 'sales', topic, bus, log, pollMs: 5, batch: 10 }));
    }
    const aggregates = Array.from({ length: 30 }, () => randomUUID());
    for (let version = 1; version <= 12; version++)
      for (const aggregateId of aggregates) await store(eventOf(aggregateId, version));
    await until('the last event', async () => (await unsent()) === 0);
    await Promise.all(relays.map((relay) => relay.stop()));
    for (const aggregateId of aggregates)
      assert.deepEqual(
        seen.get(aggregateId),
        Array.from({ length: 12 }, (_, index) => index + 1),
      );
    assert.ok(overlapped > 3, `only ${overlapped} conversations were delivered at a time: one relay did all`);
  });

  test('K05 F09 an event whose transaction commits after a later one is not skipped', async () => {
    const slow = new pg.Client({ connectionString: database.adminUrl });
    await slow.connect();
    const bus = inProcessBus(log);
    const seen: string[] = [];
    await bus.consume('seer', [topic], async (list) => void seen.push(...list.map(({ id }) => id)));
    const relay = startOutboxRelay({ pool, schema: 'sales', topic, bus, log, pollMs: 10 });
    const [late, early] = [eventOf(randomUUID(), 1), eventOf(randomUUID(), 1)];
    await slow.query('BEGIN');
    await store(late, slow);
    await store(early);
    await until('the one that is committed', () => seen.includes(early.id));
    await slow.query('COMMIT');
    await until('the one committed later', () => seen.includes(late.id));
    await relay.stop();
    await slow.end();
  });

  const consume = async (react: (event: StoredEvent) => Promise<void>, upcasters: Upcasters = {}) => {
    const bus = inProcessBus(log);
    const letters = openDeadLetters(pool, 'analytics');
    const stop = await startConsumer({ bus, group: 'test', topic, react, upcasters, letters, log, retryMs: 1 });
    return { bus, stop };
  };

  test('K13 a poison message is tried three times, then set aside with its reason; the rest goes on; requeued, it is taken in order', async () => {
    const taken: string[] = [];
    let tried = 0;
    let poisonous = true;
    const poisoned = randomUUID();
    const { bus, stop } = await consume(async ({ aggregateId, version }) => {
      if (aggregateId === poisoned && version === 2 && poisonous) {
        tried += 1;
        throw new Error('cannot digest it');
      }
      taken.push(`${aggregateId === poisoned ? 'poisoned' : 'other'} ${version}`);
    });
    const other = randomUUID();
    const given = [1, 2, 3].flatMap((version) => [eventOf(poisoned, version), eventOf(other, version)]);
    const arrived = await bus.publish(topic, given);
    assert.equal(arrived.length, 6);
    assert.equal(tried, 3);
    assert.deepEqual(taken.toSorted(), ['other 1', 'other 2', 'other 3', 'poisoned 1']);
    assert.deepEqual(
      (await letters()).map(({ version, reason }) => [version, reason]),
      [
        [2, 'FAILED'],
        [3, 'BEHIND'],
      ],
    );
    assert.match((await letters())[0]?.detail ?? '', /cannot digest it/);
    // A later one keeps its place in the row.
    await bus.publish(topic, [eventOf(poisoned, 4)]);
    assert.equal((await letters()).length, 3);

    const listed = await events('dead-letters', '--service', 'analytics');
    assert.match(
      listed.output,
      new RegExp(
        `FAILED sales.Happened tenant ${tenantId} aggregate ${poisoned} version 2 .*tries 1\n  cannot digest it`,
      ),
    );
    assert.equal((await events('requeue')).code, 2);

    // Still poisonous: another try is counted, and nothing has overtaken it.
    assert.equal((await events('requeue', '--aggregate', poisoned)).code, 0);
    await until('another try', async () => (await letters())[0]?.tries === 2);
    assert.deepEqual(
      (await letters()).map(({ reason }) => reason),
      ['FAILED', 'BEHIND', 'BEHIND'],
    );
    poisonous = false;
    assert.equal((await events('requeue', '--service', 'analytics', '--reason', 'FAILED')).code, 0);
    await until('the last one behind it', async () => (await letters()).length === 0);
    assert.deepEqual(
      taken.filter((line) => line.startsWith('poisoned')),
      ['poisoned 1', 'poisoned 2', 'poisoned 3', 'poisoned 4'],
    );
    assert.match((await events('dead-letters')).output, /No event is set aside/);
    await stop();
  });

  test('K14 an older version is read through its upcasters; a newer one waits for the build that knows it', async () => {
    const read: object[] = [];
    const upcasters: Upcasters = {
      'sales.Happened': [
        (data) => ({ ...data, added: 'in 2' }),
        (data) => ({ ...data, added: `${(data as { added: string }).added}, changed in 3` }),
      ],
    };
    const first = await consume(async ({ data }) => void read.push(data), upcasters);
    const aggregateId = randomUUID();
    await first.bus.publish(topic, [
      eventOf(aggregateId, 1),
      eventOf(aggregateId, 2, { schemaVersion: 3, data: { version: 2, added: 'as written' } }),
      eventOf(aggregateId, 3, { schemaVersion: 4 }),
      eventOf(aggregateId, 4),
    ]);
    assert.deepEqual<unknown>(read, [
      { version: 1, added: 'in 2, changed in 3' },
      { version: 2, added: 'as written' },
    ]);
    assert.deepEqual(
      (await letters()).map(({ version, reason }) => [version, reason]),
      [
        [3, 'UNKNOWN_VERSION'],
        [4, 'BEHIND'],
      ],
    );
    await first.stop();
    // The next build knows version 4, and asks for what was left to it by itself.
    const steps = [...(upcasters['sales.Happened'] ?? []), (data: object) => ({ ...data, four: true })];
    const next = await consume(async ({ data }) => void read.push(data), { 'sales.Happened': steps });
    await until('the last event', async () => (await letters()).length === 0);
    assert.deepEqual<unknown>(read.slice(2), [{ version: 3 }, { version: 4, added: 'in 2, changed in 3', four: true }]);
    await next.stop();
  });

  test('K13 what is no event at all is kept as it came, and stops nothing', async () => {
    const taken: number[] = [];
    const { bus, stop } = await consume(async ({ version }) => void taken.push(version));
    const broken = [
      { text: 'not JSON' },
      { ...eventOf(randomUUID(), 1), tenantId: "'; DROP TABLE" },
      { ...eventOf(randomUUID(), 1), version: 1.5 },
      { ...eventOf(randomUUID(), 1), type: 'a\0b' },
    ] as unknown as StoredEvent[];
    await bus.publish(topic, [...broken, eventOf(randomUUID(), 7)]);
    assert.deepEqual(taken, [7]);
    assert.deepEqual(
      (await letters()).map(({ reason }) => reason),
      Array(4).fill('UNREADABLE'),
    );
    // As a bus does whose consumer died before its offset was committed.
    await bus.publish(topic, broken);
    assert.equal((await letters()).length, 4);
    await stop();
  });

  test('L01 while the store is away nothing is given up: the bus is to deliver again', async () => {
    let away = true;
    const { bus, stop } = await consume(async () => {
      if (away) throw Object.assign(new Error('the database system is shutting down'), { code: '57P03' });
    });
    const event = eventOf(randomUUID(), 1);
    assert.deepEqual(await bus.publish(topic, [event]), []);
    assert.deepEqual(await letters(), []);
    away = false;
    assert.deepEqual(await bus.publish(topic, [event]), [event.id]);
    await stop();
  });

  test('K16 K06 an hour behind, in process too: who waits is told of, by its age and in the log, until it is over', async () => {
    const lines: { msg: string; topic?: string; stage?: string; oldestSeconds?: number }[] = [];
    const told = pino({ level: 'info' }, { write: (line) => void lines.push(JSON.parse(line)) });
    const bus = inProcessBus(log, createBacklog(told, { checkMs: 20 }));
    let isAway = true;
    let taken = 0;
    await bus.consume('analytics', [topic], async (list) => {
      if (isAway) throw new Error('not now');
      taken += list.length;
    });
    const anHourAgo = new Date(Date.now() - 3_600_000).toISOString();
    await store(eventOf(randomUUID(), 1, { occurredAt: anHourAgo }));
    await store(eventOf(randomUUID(), 1));
    const relay = startOutboxRelay({ pool, schema: 'sales', topic, bus, log, pollMs: 20 });
    await until('a warning', () => lines.some(({ msg }) => msg === 'events wait'));
    const [place] = bus.backlog.read();
    assert.deepEqual([place?.stage, place?.topic], ['outbox', topic]);
    assert.ok((place?.oldestSeconds ?? 0) >= 3600);
    assert.ok((lines.find(({ msg }) => msg === 'events wait')?.oldestSeconds ?? 0) >= 3600);
    isAway = false;
    await until('both', () => taken === 2);
    await until('the end of it', () => lines.some(({ msg }) => msg === 'events wait no longer'));
    assert.equal(bus.backlog.read()[0]?.oldestSeconds, 0);
    assert.equal(lines.filter(({ msg }) => msg === 'events wait').length, 1);
    await relay.stop();
    await bus.close();
  });

  test('K18 replay sends what was sent once more, and says how much; outbox counts what waits', async () => {
    const bus = inProcessBus(log);
    const seen: string[] = [];
    await bus.consume('seer', [topic], async (list) => void seen.push(...list.map(({ id }) => id)));
    const relay = startOutboxRelay({ pool, schema: 'sales', topic, bus, log, pollMs: 20 });
    const [one, two] = [eventOf(randomUUID(), 1), eventOf(randomUUID(), 1)];
    await store(one);
    await store(two);
    await relay.drained();
    const { output } = await events('replay', 'sales', '--aggregate', one.aggregateId);
    assert.match(output, /^sales +1 events are sent again/);
    await until('the replayed event', () => seen.length === 3);
    assert.equal(seen[2], one.id);
    await relay.stop();
    await store(eventOf(randomUUID(), 1));
    assert.match((await events('outbox')).output, /^sales +1 unsent, the oldest of 20/m);
    for (const wrong of [
      ['replay'],
      ['replay', 'gateway'],
      ['requeue', '--id', 'x'],
      ['nonsense'],
      ['outbox', '--nope'],
    ])
      assert.equal((await events(...wrong)).code, 2, wrong.join(' '));
  });
});
