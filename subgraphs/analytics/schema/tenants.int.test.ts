import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import type { Actor } from '@parley/kernel/actor';
import { type GraphQLOutputType, getNamedType, isObjectType } from 'graphql';
import { randomConversation, seeded } from '../domain/randomConversations.fixture.ts';
import { type Teller, tellConversation } from '../domain/salesEvents.fixture.ts';
import { analyst, type StartedAnalytics, startedAnalytics } from '../testAnalytics.fixture.ts';
import { schema } from './index.ts';

/** Every field below a type, so that a field added later is attacked too. */
const everything = (type: GraphQLOutputType): string => {
  const named = getNamedType(type);
  if (!isObjectType(named)) return '';
  const fields = Object.values(named.getFields()).map((field) => `${field.name} ${everything(field.type)}`);
  return `{ ${fields.join(' ')} }`;
};
const below = (type: string, field: string): string => {
  const parent = schema.getType(type);
  assert.ok(isObjectType(parent));
  const found = parent.getFields()[field];
  assert.ok(found !== undefined);
  return everything(found.type);
};
const metrics = schema.getType('Metric');
assert.ok(metrics !== undefined && 'getValues' in metrics);
const period = 'from: "2026-11-01T00:00:00Z", to: "2026-11-25T00:00:00Z"';
const series = metrics
  .getValues()
  .map(
    ({ name }) =>
      `${name}: metricSeries(metric: ${name}, ${period}, interval: DAY, agentId: $agentId) ${below('Query', 'metricSeries')}`,
  );
const rootFields = Object.keys(schema.getQueryType()?.getFields() ?? {}).filter((name) => !name.startsWith('_'));
const attack = `query($of: [_Any!]!, $agentId: ID) {
  organizationMetrics ${below('Query', 'organizationMetrics')}
  inPeriod: organizationMetrics(${period}) ${below('Query', 'organizationMetrics')}
  ${series.join('\n')}
  _entities(representations: $of) {
    ... on Conversation { metrics ${below('Conversation', 'metrics')} }
    ... on Agent { performance ${below('Agent', 'performance')} inPeriod: performance(${period}) ${below('Agent', 'performance')} }
  } }`;

describe('two organizations (I26 I29 I30)', () => {
  let running: StartedAnalytics;
  const [a, b] = [analyst(randomUUID()), analyst(randomUUID())];
  const agentId = randomUUID();
  const random = seeded(7);
  const told = (tenantId: string, count: number): Teller[] =>
    Array.from({ length: count }, () => randomConversation(random, { tenantId, agentId }));
  const ofA = told(a.tenantId, 5);
  const ofB = told(b.tenantId, 9);
  before(async () => {
    running = await startedAnalytics();
    for (const { events } of ofA) await running.deliver(events);
  });
  after(() => running.stop());

  const representations = (conversations: readonly Teller[]) => [
    ...conversations.map(({ id }) => ({ __typename: 'Conversation', id })),
    { __typename: 'Agent', id: agentId },
  ];
  const seenBy = (actor: Actor, conversations: readonly Teller[], agent: string | null = agentId) =>
    running.ask<Record<string, unknown> & { _entities: Record<string, unknown>[] }>(actor, attack, {
      of: representations(conversations),
      agentId: agent,
    });

  test('every root field is attacked here', () => {
    assert.deepEqual(rootFields.sort(), ['metricSeries', 'organizationMetrics']);
  });

  test('every field answers A as if B were not there, though B speaks of the same agent and the same conversations', async () => {
    const alone = [await seenBy(a, ofA), await seenBy(a, ofA, null)];
    for (const { events } of ofB) await running.deliver(events);
    // Forged: A's conversations in B's envelopes, told differently.
    for (const conversation of ofA) {
      const forged = tellConversation({
        tenantId: b.tenantId,
        agentId,
        startedAt: '2026-11-09T00:00:00Z',
        id: conversation.id,
      });
      forged.started();
      for (let turn = 0; turn < 50; turn++) forged.replyStarted(forged.received(900), { timeToFirstToken: 99_999 });
      await running.deliver(forged.events);
    }
    assert.deepEqual([await seenBy(a, ofA), await seenBy(a, ofA, null)], alone);
    await running.analytics.rebuild();
    assert.deepEqual([await seenBy(a, ofA), await seenBy(a, ofA, null)], alone);
  });

  test('another organization’s conversation and agent answer exactly like unknown ones', async () => {
    const stranger = analyst(randomUUID());
    const ask = (ids: readonly string[], agent: string) =>
      running.ask(stranger, attack, {
        of: [...ids.map((id) => ({ __typename: 'Conversation', id })), { __typename: 'Agent', id: agent }],
        agentId: agent,
      });
    assert.deepEqual(
      await ask(
        ofA.map(({ id }) => id),
        agentId,
      ),
      await ask(
        ofA.map(() => randomUUID()),
        randomUUID(),
      ),
    );
    assert.equal(await running.metricsOf(a, ofB[0]?.id ?? '', 'turnCount'), null);
  });

  test('both at once, many times over: no answer holds the other’s rows', async () => {
    const [ownA, ownB] = [await seenBy(a, [...ofA, ...ofB]), await seenBy(b, [...ofA, ...ofB])];
    assert.notDeepEqual(ownA, ownB);
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) => seenBy(index % 2 === 0 ? a : b, [...ofA, ...ofB])),
    );
    for (const [index, answer] of answers.entries()) assert.deepEqual(answer, index % 2 === 0 ? ownA : ownB);
  });

  test('a visitor gets no number, not even of its own conversation; nor does anybody who is not signed in', async () => {
    const id = ofA[0]?.id ?? '';
    const visitor: Actor = { ...a, kind: 'VISITOR', id, role: null, scopes: ['visitor'], conversationId: id };
    for (const [actor, code] of [
      [visitor, 'UNAUTHORIZED_FIELD_OR_TYPE'],
      [null, 'UNAUTHENTICATED'],
    ] as const) {
      const answer = await running.analytics.subgraph.execute({
        query: attack,
        variables: { of: representations([ofA[0] as Teller]), agentId },
        actor,
        requestId: 'test',
      });
      const { _entities, ...roots } = answer.data as Record<string, unknown> & { _entities: Record<string, unknown>[] };
      assert.deepEqual(new Set(Object.values(roots)), new Set([null]));
      assert.deepEqual(new Set(_entities.flatMap((entity) => Object.values(entity))), new Set([null]));
      assert.deepEqual(new Set(answer.errors?.map(({ extensions }) => extensions?.['code'])), new Set([code]));
      for (const query of [
        `subscription { metricsUpdated(conversationId: "${id}") { turnCount } }`,
        'subscription { organizationMetricsUpdated { turnCount } }',
      ])
        await assert.rejects(running.analytics.subgraph.subscribe({ query, actor, requestId: 'test' }), {
          extensions: { code },
        });
    }
  });

  test('live metrics of another organization’s conversation are refused like those of an unknown one', async () => {
    const refusalOf = (id: string) =>
      running.analytics.subgraph
        .subscribe({
          query: `subscription { metricsUpdated(conversationId: "${id}") { turnCount } }`,
          actor: b,
          requestId: 'test',
        })
        .then(
          () => assert.fail('subscribed'),
          (error: { message: string; extensions: unknown }) => [error.message, error.extensions],
        );
    const own = tellConversation({ tenantId: a.tenantId, agentId, startedAt: '2026-11-09T00:00:00Z' });
    own.started();
    await running.deliver(own.events);
    const [foreign, unknown] = await Promise.all([refusalOf(own.id), refusalOf(randomUUID())]);
    assert.deepEqual(foreign, unknown);
    assert.deepEqual(foreign[1], { code: 'NOT_FOUND' });
  });

  test('I09 I12 I20 the application’s role cannot read, write or move rows across organizations, nor act for nobody', async () => {
    const as = async (tenantId: string | null, sql: string) => {
      const client = await running.pool.connect();
      try {
        await client.query('BEGIN');
        await client.query(
          `SELECT set_config('role', 'analytics_app', true), set_config('request.jwt.claims', $1, true)`,
          [tenantId === null ? '' : JSON.stringify({ tenant_id: tenantId })],
        );
        return await client.query(sql);
      } finally {
        await client.query('ROLLBACK');
        client.release();
      }
    };
    const foreign = `tenant_id = '${b.tenantId}'`;
    for (const table of ['conversation', 'turn', 'received_event']) {
      assert.equal((await as(a.tenantId, `SELECT 1 FROM analytics.${table} WHERE ${foreign}`)).rowCount, 0);
      await assert.rejects(as(null, `SELECT 1 FROM analytics.${table}`), /no tenant is set/);
    }
    assert.equal(
      (await as(a.tenantId, `UPDATE analytics.conversation SET turn_count = 0 WHERE ${foreign}`)).rowCount,
      0,
    );
    assert.equal((await as(a.tenantId, `DELETE FROM analytics.turn WHERE ${foreign}`)).rowCount, 0);
    await assert.rejects(as(a.tenantId, `UPDATE analytics.turn SET tenant_id = '${b.tenantId}'`), /row-level security/);
  });

  test('what may see every organization sees their ids and nothing else', async () => {
    const client = await running.pool.connect();
    try {
      await client.query('BEGIN');
      await client.query(`SELECT set_config('role', 'analytics_relay', true)`);
      const { rows } = await client.query<{ tenant_id: string }>(
        'SELECT DISTINCT tenant_id FROM analytics.received_event',
      );
      assert.ok(rows.length >= 2);
      await assert.rejects(client.query('SELECT data FROM analytics.received_event'), /permission denied/);
    } finally {
      await client.query('ROLLBACK');
      client.release();
    }
  });
});
