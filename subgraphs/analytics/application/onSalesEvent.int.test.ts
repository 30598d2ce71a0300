import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import type { StoredEvent } from '@parley/kernel/event';
import { EventAhead } from '../domain/inbox.ts';
import { sealed, tellConversation } from '../domain/salesEvents.fixture.ts';
import { analyst, type StartedAnalytics, startedAnalytics } from '../testAnalytics.fixture.ts';

describe('receiving what sales publishes', () => {
  const tenantId = randomUUID();
  const reader = analyst(tenantId);
  let running: StartedAnalytics;
  before(async () => {
    running = await startedAnalytics();
  });
  after(() => running.stop());

  const begun = () => {
    const conversation = tellConversation({ tenantId, agentId: randomUUID(), startedAt: '2026-11-02T09:00:00.000Z' });
    conversation.started();
    return conversation;
  };
  const turnCount = async (id: string) =>
    ((await running.metricsOf(reader, id, 'turnCount')) as { turnCount: number } | null)?.turnCount;
  const receivedOf = async (id: string) =>
    (await running.rows('received_event')).filter((row) => row['aggregate_id'] === id);

  test('K10 an event delivered ten times, also at once, counts once', async () => {
    const conversation = begun();
    conversation.received(3);
    await running.deliver(conversation.events);
    const again = conversation.events.slice(1);
    await Promise.all(Array.from({ length: 9 }, () => running.deliver(again)));
    assert.equal(await turnCount(conversation.id), 1);
    assert.equal((await receivedOf(conversation.id)).length, 2);
  });

  test('an event ahead of a missing one is refused and nothing of it is kept; delivered again in order, it counts', async () => {
    const conversation = begun();
    conversation.received(3);
    conversation.received(4);
    const [first, second, third] = conversation.events as [StoredEvent, StoredEvent, StoredEvent];
    await running.deliver([first]);
    await assert.rejects(running.deliver([third]), EventAhead);
    assert.equal((await receivedOf(conversation.id)).length, 1);
    await running.deliver([second, third]);
    assert.equal(await turnCount(conversation.id), 2);
  });

  test('K13 over the bus, an event ahead of a missing one is set aside, and the conversation beside it goes on', async () => {
    const [gapped, whole] = [begun(), begun()];
    for (const conversation of [gapped, whole]) {
      conversation.received(3);
      conversation.received(4);
    }
    const events = [...gapped.events.filter(({ version }) => version !== 2), ...whole.events];
    assert.equal((await running.publish(events)).length, events.length);
    assert.equal(await turnCount(whole.id), 2);
    assert.equal(await turnCount(gapped.id), 0);
    const letters = await running.rows('dead_letter');
    assert.deepEqual(
      letters.map(({ version, reason }) => [version, reason]),
      [[3, 'FAILED']],
    );
  });

  test('K24 another event in place of a version that was received changes nothing', async () => {
    const conversation = begun();
    conversation.received(3);
    await running.deliver(conversation.events);
    const [, second] = conversation.events as [StoredEvent, StoredEvent];
    await running.deliver([{ ...second, id: randomUUID(), data: { ...second.data, turnId: randomUUID() } }]);
    assert.equal(await turnCount(conversation.id), 1);
    assert.equal((await receivedOf(conversation.id)).length, 2);
  });

  test('K13 K14 an event that cannot be understood is kept with its reason, and those behind it count', async () => {
    const conversation = begun();
    conversation.add('sales.TurnReceived', { turnId: 'x', wordCount: -1 }, 1);
    conversation.add('sales.Sang', { song: 'a\0b' }, 2);
    conversation.received(3);
    const newer = { ...(conversation.events[1] as StoredEvent), id: randomUUID(), version: 5, schemaVersion: 2 };
    await running.deliver([...conversation.events, newer]);
    assert.equal(await turnCount(conversation.id), 1);
    const problems = (await receivedOf(conversation.id))
      .sort((a, b) => Number(a['version']) - Number(b['version']))
      .map((row) => row['problem'] !== null);
    assert.deepEqual(problems, [false, true, false, false, true]);
  });

  test('K13 an envelope that fits nowhere is dropped instead of coming back for ever', async () => {
    const [event] = begun().events as [StoredEvent];
    const before = (await running.rows('received_event')).length;
    for (const broken of [
      { tenantId: 'acme' },
      { id: '1' },
      { aggregateId: '' },
      { version: 0 },
      { version: 1.5 },
      { version: 2 ** 31 },
      { occurredAt: 'yesterday' },
      { type: 'a\0b' },
      { data: null },
    ])
      await running.deliver([{ ...event, ...broken } as StoredEvent]);
    assert.equal((await running.rows('received_event')).length, before);
  });

  test('no personal text is kept, sealed or not', async () => {
    const conversation = begun();
    conversation.completed(conversation.replyStarted(conversation.received(3)), 5, 100);
    await running.deliver(conversation.events);
    const kept = JSON.stringify(await receivedOf(conversation.id));
    assert.ok(kept.includes('wordCount'));
    assert.ok(!kept.includes(sealed.ciphertext) && !kept.includes('ciphertext'));
  });

  test('I18 what was received cannot be rewritten or taken back by the application', async () => {
    for (const sql of [
      'UPDATE analytics.received_event SET data = $1',
      'DELETE FROM analytics.received_event WHERE data = $1',
      'TRUNCATE analytics.received_event, analytics.conversation',
    ]) {
      const client = await running.pool.connect();
      try {
        await client.query('BEGIN');
        await client.query(
          `SELECT set_config('role', 'analytics_app', true), set_config('request.jwt.claims', $1, true)`,
          [JSON.stringify({ tenant_id: tenantId })],
        );
        await assert.rejects(client.query(sql, sql.includes('$1') ? ['{}'] : []), /permission denied/);
      } finally {
        await client.query('ROLLBACK');
        client.release();
      }
    }
  });
});
