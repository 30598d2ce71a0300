import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import type { StoredEvent } from '@parley/kernel/event';
import { EventAhead } from '../domain/inbox.ts';
import { type Random, randomConversation, seeded } from '../domain/randomConversations.fixture.ts';
import type { Teller } from '../domain/salesEvents.fixture.ts';
import { analyst, type StartedAnalytics, startedAnalytics } from '../testAnalytics.fixture.ts';

/** The metrics of a conversation from the definitions, straight from the list of its events. */
const byDefinition = (events: readonly StoredEvent[]) => {
  const understood = events.filter(
    ({ type, data }) => known.has(type) && (data as { turnId?: string }).turnId !== 'not an id',
  );
  const of = (type: string) =>
    understood.filter((event) => event.type === `sales.${type}`).map(({ data }) => data as Record<string, never>);
  const last = <T>(list: readonly T[]): T | undefined => list.at(-1);
  const turns = new Set(understood.flatMap(({ data }) => ('turnId' in data ? [data.turnId as string] : [])));
  let agentSpeech = 0;
  for (const turnId of turns) {
    const made = last(of('TurnVoiced').filter((data) => data['turnId'] === turnId))?.['durationMs'] as
      | number
      | undefined;
    const cut = last(of('TurnInterrupted').filter((data) => data['turnId'] === turnId));
    const played = cut?.['playedMs'] as number | undefined;
    agentSpeech += played === undefined ? (made ?? 0) : made ? Math.min(made, played) : played;
  }
  const words = of('TurnReceived').reduce((sum, data) => sum + Number(data['wordCount']), 0);
  const speech = agentSpeech + words * 400;
  const sentiments = of('ReplyStarted').map((data) => Number(data['sentiment']));
  const audio = new Map(of('TurnVoiced').map((data) => [data['turnId'], data['timeToFirstAudio']]));
  const times = understood
    .filter(({ type }) => type !== 'sales.ContactAdded')
    .map((event) => Date.parse(event.occurredAt));
  return {
    turnCount: turns.size,
    interruptionCount: new Set(of('TurnInterrupted').map((data) => data['turnId'])).size,
    failedTurnCount: new Set(of('TurnFailed').map((data) => data['turnId'])).size,
    talkRatio: speech === 0 ? null : agentSpeech / speech,
    sentiment:
      sentiments.length === 0 ? null : round(sentiments.reduce((sum, value) => sum + value, 0) / sentiments.length),
    timeToFirstTokenMs: percentiles(of('ReplyStarted').map((data) => Number(data['timeToFirstToken']))),
    timeToFirstAudioMs: percentiles([...audio.values()].filter((value) => value !== null).map(Number)),
    durationMs: Math.max(...times) - (times[0] ?? 0),
    outcome: last(of('ConversationEnded'))?.['outcome'] ?? null,
    phasePath: ['GREETING', ...of('PhaseChanged').map((data) => data['to'])],
  };
};
const known = new Set(
  'ConversationStarted TurnReceived ReplyStarted TurnCompleted TurnVoiced TurnInterrupted TurnFailed PhaseChanged ConversationEnded'
    .split(' ')
    .map((name) => `sales.${name}`),
);
const round = (value: number) => Math.round(value * 1e9) / 1e9;
const percentiles = (values: readonly number[]) => {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (part: number) => {
    const rank = part * (sorted.length - 1);
    const low = sorted[Math.floor(rank)] ?? 0;
    const high = sorted[Math.ceil(rank)] ?? 0;
    return Math.round((low + (rank - Math.floor(rank)) * (high - low)) * 100) / 100;
  };
  return sorted.length === 0 ? null : { p50: at(0.5), p95: at(0.95), p99: at(0.99), count: sorted.length };
};

describe('the read model', () => {
  let running: StartedAnalytics;
  before(async () => {
    running = await startedAnalytics();
  });
  after(() => running.stop());

  const readModel = async () => ({
    conversations: await running.rows('conversation'),
    turns: await running.rows('turn'),
  });
  const measured = async (told: Teller) => {
    const metrics = (await running.metricsOf(
      analyst(told.events[0]?.tenantId ?? ''),
      told.id,
      `turnCount interruptionCount failedTurnCount talkRatio sentiment durationMs outcome phasePath
       timeToFirstTokenMs { p50 p95 p99 count } timeToFirstAudioMs { p50 p95 p99 count }`,
    )) as { sentiment: number | null };
    return { ...metrics, sentiment: metrics.sentiment === null ? null : round(metrics.sentiment) };
  };

  /** Delivers what is left of each conversation in turns: in order, but with doubles, replays and events too early. */
  const deliverBadly = async (random: Random, told: readonly Teller[], upTo: (conversation: Teller) => number) => {
    const next = new Map(told.map((conversation) => [conversation, delivered.get(conversation) ?? 0]));
    const open = () => told.filter((conversation) => (next.get(conversation) ?? 0) < upTo(conversation));
    for (let [first, ...rest] = open(); first !== undefined; [first, ...rest] = open()) {
      const conversation = random.pick([first, ...rest]);
      const position = next.get(conversation) ?? 0;
      const { events } = conversation;
      if (random.chance(0.1) && position + 1 < events.length)
        await assert.rejects(running.deliver(events.slice(position + 1, position + 2)), EventAhead);
      if (random.chance(0.1)) await running.deliver(events.slice(0, position));
      if (random.chance(0.1)) await running.deliver(events.slice(random.below(position + 1), position));
      const event = events.slice(position, position + 1);
      // The same event to two consumers at once, as after a rebalance (K11).
      if (random.chance(0.2)) await Promise.all([running.deliver(event), running.deliver(event)]);
      else await running.deliver(event);
      next.set(conversation, position + 1);
      delivered.set(conversation, position + 1);
    }
  };
  const delivered = new Map<Teller, number>();

  for (const seed of [1, 2, 3, 4, 5, 6]) {
    test(`K17 K18 however events come, the numbers are those of the definitions, and a rebuild gives the same rows (seed ${seed})`, async () => {
      const random = seeded(seed);
      const tenants = [randomUUID(), randomUUID()] as const;
      const told = Array.from({ length: 8 }, () =>
        randomConversation(random, { tenantId: random.pick(tenants), agentId: randomUUID() }),
      );
      const half = new Map(told.map((conversation) => [conversation, random.below(conversation.events.length + 1)]));

      await deliverBadly(random, told, (conversation) => half.get(conversation) ?? 0);
      const midway = await readModel();
      await running.analytics.rebuild(tenants[0]);
      assert.deepEqual(await readModel(), midway, 'one tenant rebuilt');
      await running.analytics.rebuild();
      assert.deepEqual(await readModel(), midway, 'all rebuilt');

      await Promise.all([
        deliverBadly(random, told, ({ events }) => events.length),
        running.analytics.rebuild(tenants[0]),
        running.analytics.rebuild(tenants[1]),
      ]);
      for (const conversation of told)
        assert.deepEqual(await measured(conversation), byDefinition(conversation.events));
      const live = await readModel();
      assert.ok(live.turns.length > 20, `${live.turns.length} turns`);
      const inbox = await running.rows('received_event');
      for (const conversation of told) await running.deliver(conversation.events);
      await running.analytics.rebuild();
      assert.deepEqual(await readModel(), live);
      assert.deepEqual(await running.rows('received_event'), inbox);
    });
  }

  test('what was counted wrongly, or is missing, is right after a rebuild', async () => {
    const before = await readModel();
    await running.admin.query(
      'UPDATE analytics.conversation SET turn_count = 99, phases = ARRAY[]::analytics."ConversationPhase"[]',
    );
    await running.admin.query('DELETE FROM analytics.turn WHERE role = $1', ['AGENT']);
    assert.notDeepEqual(await readModel(), before);
    assert.equal(await running.analytics.rebuild(), before.conversations.length);
    assert.deepEqual(await readModel(), before);
  });

  test('a rebuild is right also while events come for the conversations it repairs', async () => {
    const random = seeded(99);
    const tenantId = randomUUID();
    for (let round = 0; round < 5; round++) {
      const told = Array.from({ length: 4 }, () => randomConversation(random, { tenantId, agentId: randomUUID() }));
      const half = (conversation: Teller) => Math.floor(conversation.events.length / 2);
      for (const conversation of told) await running.deliver(conversation.events.slice(0, half(conversation)));
      await running.admin.query(
        'UPDATE analytics.conversation SET turn_count = turn_count + 99, agent_speech_ms = agent_speech_ms + 99 WHERE tenant_id = $1',
        [tenantId],
      );
      await Promise.all([
        running.analytics.rebuild(tenantId),
        ...told.map((conversation) => running.deliver(conversation.events.slice(half(conversation)))),
      ]);
      for (const conversation of told)
        assert.deepEqual(await measured(conversation), byDefinition(conversation.events));
    }
  });

  test('a rebuild of one organization leaves the others alone', async () => {
    const before = await readModel();
    const tenants = [...new Set(before.conversations.map((row) => row['tenant_id'] as string))];
    await running.admin.query('UPDATE analytics.conversation SET turn_count = 99');
    await running.analytics.rebuild(tenants[0]);
    for (const row of await running.rows('conversation'))
      assert.equal(row['turn_count'] === 99, row['tenant_id'] !== tenants[0]);
    await running.analytics.rebuild();
    assert.deepEqual(await readModel(), before);
  });
});
