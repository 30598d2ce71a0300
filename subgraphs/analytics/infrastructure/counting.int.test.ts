import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { StoredEvent } from '@parley/kernel/event';
import { salesTopic } from '@parley/sales/events';
import { project, turnsNamed } from '../domain/conversation.ts';
import { tellConversation } from '../domain/salesEvents.fixture.ts';
import { readSalesFact } from '../domain/salesFact.ts';
import { type StartedAnalytics, startedAnalytics } from '../testAnalytics.fixture.ts';
import { keepCounted, readCounted } from './counting.ts';
import { type AnalyticsDatabase, openAnalyticsDatabase } from './database.ts';
import { lockReadModel } from './receivedEvents.ts';

describe('counting beside others', () => {
  const tenantId = randomUUID();
  let running: StartedAnalytics;
  let database: AnalyticsDatabase;
  before(async () => {
    running = await startedAnalytics();
    database = openAnalyticsDatabase(running.pool);
  });
  after(async () => {
    await database.close();
    await running.stop();
  });

  const begun = async () => {
    const conversation = tellConversation({ tenantId, agentId: randomUUID(), startedAt: '2026-11-02T09:00:00.000Z' });
    conversation.started();
    conversation.received(3);
    await running.deliver(conversation.events);
    conversation.received(4);
    return { id: conversation.id, next: conversation.events[2] as StoredEvent };
  };
  const turnCount = async (id: string): Promise<unknown> =>
    (await running.admin.query('SELECT turn_count FROM analytics.conversation WHERE id = $1', [id])).rows[0]
      ?.turn_count;
  const received = async (id: string): Promise<number> =>
    (await running.admin.query('SELECT FROM analytics.received_event WHERE id = $1', [id])).rowCount ?? 0;
  const countInTwoSteps = async (event: StoredEvent) => {
    const client = database.forTenant(tenantId);
    const fact = readSalesFact(event);
    assert.ok(fact !== null && 'data' in fact);
    const counted = await readCounted(client, salesTopic, event, turnsNamed(fact));
    const kept = { ...event, problem: null, receivedAt: new Date() };
    return () => keepCounted(client, salesTopic, kept, counted, project(counted.state, fact));
  };

  test('K11 what was read and has moved since is not written over, and the event is not taken as received', async () => {
    const { id, next } = await begun();
    const keep = await countInTwoSteps(next);
    await running.admin.query('UPDATE analytics.conversation SET turn_count = 50 WHERE id = $1', [id]);
    assert.equal(await keep(), false);
    assert.deepEqual([await turnCount(id), await received(next.id)], [50, 0]);
    await running.deliver([next]);
    assert.deepEqual([await turnCount(id), await received(next.id)], [51, 1]);
  });

  test('K11 of two that have read the same, one counts', async () => {
    const { id, next } = await begun();
    const [first, second] = [await countInTwoSteps(next), await countInTwoSteps(next)];
    assert.deepEqual((await Promise.all([first(), second()])).sort(), [false, true]);
    assert.deepEqual([await turnCount(id), await received(next.id)], [2, 1]);
  });

  test('an event that comes during a rebuild waits for it, and counts on what the rebuild has made', async () => {
    const { id, next } = await begun();
    let delivered = false;
    let delivering: Promise<void> | undefined;
    await database.forTenant(tenantId).$transaction(async (tx) => {
      await lockReadModel(tx);
      delivering = running.deliver([next]).then(() => {
        delivered = true;
      });
      await delay(200);
      assert.equal(delivered, false);
      const row = await tx.conversation.findFirstOrThrow({ where: { id } });
      await tx.conversation.deleteMany({ where: { id } });
      await tx.conversation.create({ data: { ...row, turnCount: 70 } });
    });
    await delivering;
    assert.deepEqual([await turnCount(id), await received(next.id)], [71, 1]);
  });
});
