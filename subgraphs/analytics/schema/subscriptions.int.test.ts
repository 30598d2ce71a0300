import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { SubgraphResult } from '@parley/kernel/subgraph';
import { tellConversation } from '../domain/salesEvents.fixture.ts';
import { analyst, type StartedAnalytics, startedAnalytics } from '../testAnalytics.fixture.ts';

describe('live metrics', () => {
  const tenantId = randomUUID();
  const reader = analyst(tenantId);
  let running: StartedAnalytics;
  before(async () => {
    running = await startedAnalytics();
  });
  after(() => running.stop());

  const told = () => tellConversation({ tenantId, agentId: randomUUID(), startedAt: '2026-11-02T09:00:00.000Z' });
  const subscribe = (query: string, signal?: AbortSignal) =>
    running.analytics.subgraph.subscribe({ query, actor: reader, requestId: 'test', signal });
  const nextOf = async (stream: AsyncIterableIterator<SubgraphResult>): Promise<unknown> => {
    const { value, done } = await stream.next();
    assert.equal(done, false);
    return JSON.parse(JSON.stringify(value?.data));
  };

  test('the numbers as they are, then each time they change, in between skipped', async () => {
    const conversation = told();
    conversation.started();
    await running.deliver(conversation.events);
    const stream = await subscribe(
      `subscription { metricsUpdated(conversationId: "${conversation.id}") { turnCount } }`,
    );
    assert.deepEqual(await nextOf(stream), { metricsUpdated: { turnCount: 0 } });
    for (let turn = 0; turn < 8; turn++) conversation.received(2);
    await running.deliver(conversation.events);
    let seen = 0;
    let updates = 0;
    while (seen < 8) {
      const { metricsUpdated } = (await nextOf(stream)) as { metricsUpdated: { turnCount: number } };
      assert.ok(metricsUpdated.turnCount > seen, 'each is newer than the one before');
      seen = metricsUpdated.turnCount;
      updates += 1;
    }
    assert.ok(updates <= 8);
    await stream.return?.();
  });

  test('a subscription may come a moment before the conversation is counted', async () => {
    const conversation = told();
    conversation.started();
    const subscribing = subscribe(
      `subscription { metricsUpdated(conversationId: "${conversation.id}") { turnCount } }`,
    );
    await delay(150);
    await running.deliver(conversation.events);
    const stream = await subscribing;
    assert.deepEqual(await nextOf(stream), { metricsUpdated: { turnCount: 0 } });
    await stream.return?.();
  });

  test('the organization’s numbers move with every conversation', async () => {
    const stream = await subscribe(
      'subscription { organizationMetricsUpdated { conversationCount openConversationCount } }',
    );
    const first = (await nextOf(stream)) as { organizationMetricsUpdated: { conversationCount: number } };
    const conversation = told();
    conversation.started();
    conversation.ended('LOST', 3);
    await running.deliver(conversation.events);
    const second = (await nextOf(stream)) as typeof first;
    assert.equal(
      second.organizationMetricsUpdated.conversationCount,
      first.organizationMetricsUpdated.conversationCount + 1,
    );
    await stream.return?.();
  });

  test('a stream that is left, also while it waits, ends at once', async () => {
    const conversation = told();
    conversation.started();
    await running.deliver(conversation.events);
    const query = `subscription { metricsUpdated(conversationId: "${conversation.id}") { turnCount } }`;
    const left = await subscribe(query);
    await nextOf(left);
    const waiting = left.next();
    await delay(20);
    await left.return?.();
    assert.equal((await waiting).done, true);

    const abort = new AbortController();
    const aborted = await subscribe(query, abort.signal);
    await nextOf(aborted);
    const pending = aborted.next();
    await delay(20);
    abort.abort();
    assert.equal((await pending).done, true);
  });
});
