import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { type Teller, tellConversation } from '../domain/salesEvents.fixture.ts';
import { analyst, type StartedAnalytics, startedAnalytics } from '../testAnalytics.fixture.ts';

const tenantId = randomUUID();
const reader = analyst(tenantId);
let running: StartedAnalytics;
before(async () => {
  running = await startedAnalytics();
});
after(() => running.stop());

const tell = async (
  startedAt: string,
  agentId: string,
  story: (conversation: Teller) => void,
  of = tenantId,
): Promise<string> => {
  const conversation = tellConversation({ tenantId: of, agentId, startedAt });
  story(conversation);
  await running.deliver(conversation.events);
  return conversation.id;
};

describe('the numbers of a conversation, worked out by hand', () => {
  test('two questions, one reply cut short', async () => {
    const id = await tell('2026-11-02T09:00:00.000Z', randomUUID(), (c) => {
      c.started();
      const first = c.received(10, 2);
      const intent = (name: string) => ({ name, confidence: 0.9, outOfScope: false });
      const reply = c.replyStarted(first, { intent: intent('pricing'), sentiment: 0.1, timeToFirstToken: 100 }, 3);
      c.phase('GREETING', 'DISCOVERY', 3);
      c.completed(reply, 30, 1000, 4);
      c.voiced(reply, 12_000, 400, 5);
      const second = c.received(20, 20);
      const other = { intent: intent('discount'), sentiment: 0.2, objection: 'PRICE', timeToFirstToken: 200 };
      const cut = c.replyStarted(second, other, 21);
      c.completed(cut, 25, 1500, 22);
      c.interrupted(cut, 4000, 9, 24);
      c.voiced(cut, 10_000, 600, 25);
      c.ended('CONVERTED', 30);
    });
    assert.deepEqual(
      await running.metricsOf(
        reader,
        id,
        `turnCount talkRatio interruptionCount failedTurnCount sentiment durationMs outcome phasePath asOf
         timeToFirstTokenMs { p50 p95 p99 count } timeToFirstAudioMs { p50 p95 p99 count } totalMs { p50 p95 p99 count }
         intents { name count } objections { name count }`,
      ),
      {
        turnCount: 4,
        // 12 s + 4 s played, against 30 words at 0.4 s.
        talkRatio: 16 / 28,
        interruptionCount: 1,
        failedTurnCount: 0,
        // Exactly: not 0.15000000000000002.
        sentiment: 0.15,
        durationMs: 30_000,
        outcome: 'CONVERTED',
        phasePath: ['GREETING', 'DISCOVERY'],
        asOf: '2026-11-02T09:00:30.000Z',
        timeToFirstTokenMs: { p50: 150, p95: 195, p99: 199, count: 2 },
        timeToFirstAudioMs: { p50: 500, p95: 590, p99: 598, count: 2 },
        totalMs: { p50: 1250, p95: 1475, p99: 1495, count: 2 },
        intents: [
          { name: 'discount', count: 1 },
          { name: 'pricing', count: 1 },
        ],
        objections: [{ name: 'PRICE', count: 1 }],
      },
    );
  });

  test('percentiles are interpolated between the closest ranks', async () => {
    const percentilesOf = async (values: readonly number[]) => {
      const id = await tell('2026-11-02T10:00:00.000Z', randomUUID(), (c) => {
        c.started();
        for (const timeToFirstToken of values) c.replyStarted(c.received(1), { timeToFirstToken });
      });
      return running.metricsOf(reader, id, 'timeToFirstTokenMs { p50 p95 p99 count }');
    };
    const latency = (p50: number, p95: number, p99: number, count: number) => ({
      timeToFirstTokenMs: { p50, p95, p99, count },
    });
    // One value is every percentile.
    assert.deepEqual(await percentilesOf([70]), latency(70, 70, 70, 1));
    // Rank 0.95 × 3 = 2.85: 300 + 0.85 × 100; rank 0.99 × 3 = 2.97.
    assert.deepEqual(await percentilesOf([400, 100, 300, 200]), latency(250, 385, 397, 4));
    // 1 … 21: ranks 10, 19 and 19.8 of 0 … 20.
    const upTo21 = Array.from({ length: 21 }, (_, index) => ((index * 8) % 21) + 1);
    assert.deepEqual(await percentilesOf(upTo21), latency(11, 20, 20.8, 21));
    // An outlier moves the tail only: 10 values, rank 8.55 between 10 and 10, 5000 last: rank 8.91 → 10 + 0.91 × 4990.
    assert.deepEqual(await percentilesOf([10, 10, 10, 10, 10, 10, 10, 10, 10, 5000]), latency(10, 2754.5, 4550.9, 10));
  });

  test('nothing said yet: counts are 0, what would divide by nothing is null', async () => {
    const id = await tell('2026-11-02T11:00:00.000Z', randomUUID(), (c) => c.started());
    assert.deepEqual(
      await running.metricsOf(
        reader,
        id,
        'turnCount talkRatio interruptionCount sentiment durationMs outcome timeToFirstTokenMs { p50 } timeToFirstAudioMs { p50 } intents { name }',
      ),
      {
        turnCount: 0,
        talkRatio: null,
        interruptionCount: 0,
        sentiment: null,
        durationMs: 0,
        outcome: null,
        timeToFirstTokenMs: null,
        timeToFirstAudioMs: null,
        intents: [],
      },
    );
  });

  test('a reply without audio leaves first-audio unmeasured, a failed one is a turn', async () => {
    const id = await tell('2026-11-02T12:00:00.000Z', randomUUID(), (c) => {
      c.started();
      const reply = c.replyStarted(c.received(6));
      c.voiced(reply, 0, null);
      c.received(4);
      c.failed();
    });
    assert.deepEqual(
      await running.metricsOf(reader, id, 'turnCount failedTurnCount talkRatio timeToFirstAudioMs { count }'),
      { turnCount: 4, failedTurnCount: 1, talkRatio: 0, timeToFirstAudioMs: null },
    );
  });

  test('an id that nothing is known of, or that is no id, has no metrics', async () => {
    assert.equal(await running.metricsOf(reader, randomUUID(), 'turnCount'), null);
    assert.equal(await running.metricsOf(reader, "'; DROP TABLE analytics.turn --", 'turnCount'), null);
  });

  test('the metrics of many conversations are one statement', async () => {
    const agentId = randomUUID();
    const ids: string[] = [];
    for (let index = 0; index < 25; index++) {
      ids.push(
        await tell('2026-11-02T13:00:00.000Z', agentId, (c) => {
          c.started();
          for (let turn = 0; turn < index; turn++) c.received(1);
        }),
      );
    }
    running.statements.length = 0;
    const { _entities } = await running.ask<{ _entities: { metrics: { turnCount: number } | null }[] }>(
      reader,
      `query($of: [_Any!]!) { _entities(representations: $of) { ... on Conversation {
        metrics { turnCount talkRatio sentiment timeToFirstTokenMs { p50 } intents { name } } again: metrics { phasePath } } } }`,
      { of: [...ids, randomUUID(), ...ids].map((id) => ({ __typename: 'Conversation', id })) },
    );
    assert.equal(running.statements.length, 1, running.statements.join('\n'));
    assert.deepEqual(
      _entities.map(({ metrics }) => metrics?.turnCount ?? null),
      [...ids.keys(), null, ...ids.keys()],
    );
  });
});

describe('the numbers of an agent', () => {
  const agentId = randomUUID();
  const other = randomUUID();
  before(async () => {
    // 1 November: 2 turns, converted after 60 s.
    await tell('2026-11-01T08:00:00.000Z', agentId, (c) => {
      c.started();
      const reply = c.replyStarted(c.received(15, 1), { sentiment: 1, timeToFirstToken: 100 }, 2);
      c.voiced(reply, 9000, 300, 5);
      c.phase('GREETING', 'CLOSING', 30);
      c.ended('CONVERTED', 60);
    });
    // 2 November: 4 turns, one interruption, lost after 120 s.
    await tell('2026-11-02T08:00:00.000Z', agentId, (c) => {
      c.started();
      const reply = c.replyStarted(c.received(10, 1), { sentiment: -0.5, timeToFirstToken: 300 }, 2);
      c.interrupted(reply, 1000, 3, 4);
      c.voiced(reply, 5000, 500, 5);
      const second = c.replyStarted(c.received(5, 20), { sentiment: 0, timeToFirstToken: 500, objection: 'TRUST' }, 21);
      c.voiced(second, 2000, 700, 22);
      c.ended('LOST', 120);
    });
    // 3 November: begun, open, silent.
    await tell('2026-11-03T08:00:00.000Z', agentId, (c) => c.started());
    await tell('2026-11-02T08:00:00.000Z', other, (c) => {
      c.started();
      c.replyStarted(c.received(100), { timeToFirstToken: 90_000, sentiment: -1 });
      c.ended('ABANDONED', 9);
    });
  });
  const selection = `conversationCount openConversationCount outcomes { outcome count } conversionRate turnCount averageTurns
    interruptionCount averageInterruptions averageDurationMs talkRatio sentiment asOf
    timeToFirstTokenMs { p50 p95 p99 count } timeToFirstAudioMs { p50 count } phases { phase count } objections { name count }`;

  test('over all its conversations', async () => {
    assert.deepEqual(await running.performanceOf(reader, agentId, selection), {
      conversationCount: 3,
      openConversationCount: 1,
      outcomes: [
        { outcome: 'CONVERTED', count: 1 },
        { outcome: 'LOST', count: 1 },
        { outcome: 'FOLLOW_UP_SCHEDULED', count: 0 },
        { outcome: 'TRANSFERRED', count: 0 },
        { outcome: 'ABANDONED', count: 0 },
      ],
      conversionRate: 0.5,
      turnCount: 6,
      averageTurns: 2,
      interruptionCount: 1,
      averageInterruptions: 1 / 3,
      averageDurationMs: 90_000,
      // 9 + 1 + 2 s of audio, 30 words at 0.4 s.
      talkRatio: 0.5,
      // (1 − 0.5 + 0) / 3
      sentiment: 0.16666666666666666,
      asOf: '2026-11-03T08:00:00.000Z',
      // 100, 300, 500: rank 1.9 → 480, rank 1.98 → 496.
      timeToFirstTokenMs: { p50: 300, p95: 480, p99: 496, count: 3 },
      timeToFirstAudioMs: { p50: 500, count: 3 },
      phases: [
        { phase: 'GREETING', count: 3 },
        { phase: 'DISCOVERY', count: 0 },
        { phase: 'QUALIFICATION', count: 0 },
        { phase: 'PRESENTATION', count: 0 },
        { phase: 'OBJECTION_HANDLING', count: 0 },
        { phase: 'CLOSING', count: 1 },
        { phase: 'FOLLOW_UP', count: 0 },
      ],
      objections: [{ name: 'TRUST', count: 1 }],
    });
  });

  test('over a period: from is in it, to is not', async () => {
    const args = '(from: "2026-11-02T08:00:00Z", to: "2026-11-03T08:00:00Z")';
    assert.deepEqual(await running.performanceOf(reader, agentId, 'conversationCount conversionRate sentiment', args), {
      conversationCount: 1,
      conversionRate: 0,
      sentiment: -0.25,
    });
  });

  test('two periods of several agents in one query are two statements', async () => {
    running.statements.length = 0;
    const { _entities } = await running.ask<{ _entities: unknown[] }>(
      reader,
      `query($of: [_Any!]!) { _entities(representations: $of) { ... on Agent {
        first: performance(to: "2026-11-02T00:00:00Z") { conversationCount }
        rest: performance(from: "2026-11-02T00:00:00Z") { conversationCount } } } }`,
      { of: [agentId, other, randomUUID()].map((id) => ({ __typename: 'Agent', id })) },
    );
    const counts = (first: number, rest: number) => ({
      first: { conversationCount: first },
      rest: { conversationCount: rest },
    });
    assert.deepEqual(_entities, [counts(1, 2), counts(0, 1), counts(0, 0)]);
    assert.equal(running.statements.length, 2);
  });

  test('a reversed period is refused', async () => {
    await assert.rejects(
      running.performanceOf(reader, agentId, 'turnCount', '(from: "2026-11-03T00:00:00Z", to: "2026-11-02T00:00:00Z")'),
      /BAD_USER_INPUT/,
    );
  });
});

describe('the numbers of an organization', () => {
  const own = randomUUID();
  const owner = analyst(own);
  const agentId = randomUUID();
  before(async () => {
    const day = (startedAt: string, story: (c: Teller) => void) => tell(startedAt, agentId, story, own);
    await day('2026-11-05T23:59:59.999Z', (c) => {
      c.started();
      c.replyStarted(c.received(5), { timeToFirstToken: 100 });
      c.ended('CONVERTED', 2);
    });
    await day('2026-11-06T00:00:00.000Z', (c) => {
      c.started();
      c.replyStarted(c.received(5), { timeToFirstToken: 200 });
      c.replyStarted(c.received(5), { timeToFirstToken: 600 });
      c.ended('LOST', 2);
    });
    await day('2026-11-06T00:59:59.000Z', (c) => c.started());
    await tell(
      '2026-11-08T12:00:00.000Z',
      randomUUID(),
      (c) => {
        c.started();
        c.received(7);
        c.ended('ABANDONED');
      },
      own,
    );
  });
  const seriesOf = async (metric: string, interval: string, more = '') => {
    const { metricSeries } = await running.ask<{ metricSeries: { points: { at: string; value: number | null }[] } }>(
      owner,
      `{ metricSeries(metric: ${metric}, interval: ${interval}, from: "2026-11-05T22:10:00Z", to: "2026-11-06T02:00:00Z"${more}) { points { at value } } }`,
    );
    return metricSeries.points.map(({ at, value }) => [at.slice(8, 13), value]);
  };

  test('totals over all and over a period', async () => {
    const selection =
      '{ conversationCount openConversationCount conversionRate turnCount averageTurns timeToFirstTokenMs { p50 count } }';
    assert.deepEqual(await running.ask(owner, `{ organizationMetrics ${selection} }`), {
      organizationMetrics: {
        conversationCount: 4,
        openConversationCount: 1,
        conversionRate: 1 / 3,
        turnCount: 7,
        averageTurns: 1.75,
        timeToFirstTokenMs: { p50: 200, count: 3 },
      },
    });
    assert.deepEqual(await running.ask(owner, `{ organizationMetrics(from: "2027-01-01T00:00:00Z") ${selection} }`), {
      organizationMetrics: {
        conversationCount: 0,
        openConversationCount: 0,
        conversionRate: null,
        turnCount: 0,
        averageTurns: null,
        timeToFirstTokenMs: null,
      },
    });
  });

  test('per hour: empty hours are there, a count of nothing is 0, a percentile of nothing null', async () => {
    assert.deepEqual(await seriesOf('CONVERSATIONS', 'HOUR'), [
      ['05T22', 0],
      ['05T23', 1],
      ['06T00', 2],
      ['06T01', 0],
    ]);
    assert.deepEqual(await seriesOf('TIME_TO_FIRST_TOKEN_P50', 'HOUR'), [
      ['05T22', null],
      ['05T23', 100],
      ['06T00', 400],
      ['06T01', null],
    ]);
    assert.deepEqual(await seriesOf('TURNS', 'HOUR'), [
      ['05T22', 0],
      ['05T23', 2],
      ['06T00', 4],
      ['06T01', 0],
    ]);
  });

  test('per day, and of one agent', async () => {
    assert.deepEqual(await seriesOf('CONVERSION_RATE', 'DAY'), [
      ['05T00', 1],
      ['06T00', 0],
    ]);
    assert.deepEqual(await seriesOf('CONVERSATIONS', 'DAY', `, agentId: "${agentId}"`), [
      ['05T00', 1],
      ['06T00', 2],
    ]);
    assert.deepEqual(await seriesOf('CONVERSATIONS', 'DAY', `, agentId: "${randomUUID()}"`), [
      ['05T00', 0],
      ['06T00', 0],
    ]);
  });

  test('every metric has a series, and counts add up to the totals', async () => {
    const { __type } = await running.ask<{ __type: { enumValues: { name: string }[] } }>(
      owner,
      '{ __type(name: "Metric") { enumValues { name } } }',
    );
    for (const { name } of __type.enumValues) assert.equal((await seriesOf(name, 'HOUR')).length, 4, name);
    const { organizationMetrics } = await running.ask<{ organizationMetrics: { turnCount: number } }>(
      owner,
      '{ organizationMetrics(from: "2026-11-05T22:10:00Z", to: "2026-11-06T02:00:00Z") { turnCount } }',
    );
    const sum = (await seriesOf('TURNS', 'HOUR')).reduce((total, [, value]) => total + Number(value), 0);
    assert.equal(sum, organizationMetrics.turnCount);
  });

  test('a series of more than 1000 points is refused', async () => {
    await assert.rejects(
      running.ask(
        owner,
        '{ metricSeries(metric: TURNS, interval: HOUR, from: "2026-01-01T00:00:00Z", to: "2026-12-01T00:00:00Z") { interval } }',
      ),
      /BAD_USER_INPUT/,
    );
  });
});
