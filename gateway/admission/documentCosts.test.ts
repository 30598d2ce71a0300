import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { before, describe, test } from 'node:test';
import { GraphQLError } from 'graphql';
import { createBench } from '../fixture/engine.ts';
import { costWithin } from './costLimits.ts';
import { defaultOperationLimits as limits } from './limits.ts';

const fileOf = (name: string): Promise<string> => readFile(new URL(`../../${name}`, import.meta.url), 'utf8');

/** As a seller's start page asks: numbers, a series, the latest conversations with their last turns. */
const dashboard = `query Dashboard($from: DateTime!, $to: DateTime!) {
  viewer { organization { name } }
  organizationMetrics(from: $from, to: $to) { conversationCount conversionRate intents { name count } phases { phase count } timeToFirstAudioMs { p50 p95 } }
  series: metricSeries(from: $from, to: $to, interval: DAY, metric: CONVERSATIONS) { points { at value } }
  rates: metricSeries(from: $from, to: $to, interval: DAY, metric: CONVERSION_RATE) { points { at value } }
  agents(first: 100) { edges { node { id name performance(from: $from, to: $to) { conversationCount conversionRate } } } }
  conversations(first: 50) { edges { node { id status agent { id name } metrics { sentiment talkRatio } turns(last: 5) { edges { node { id role text } } } } } pageInfo { hasNextPage endCursor } }
}`;

describe('what operations cost on our own supergraph', () => {
  let code: (text: string, variables?: Record<string, unknown>) => unknown;
  before(async () => {
    const { engine } = createBench({ sdl: await fileOf('supergraph.graphql') });
    code = (text, variables = {}) => {
      const document = engine.documents.prepare(text);
      if (document instanceof GraphQLError) return document.extensions['code'];
      const operation = engine.find(document, document.operations[0]?.name?.value);
      assert.ok(!(operation instanceof GraphQLError));
      const cost = costWithin(operation.cost, variables, limits);
      return cost instanceof GraphQLError ? cost.extensions['code'] : null;
    };
  });

  test('every document of our own client runs with the largest page there is, and so does a start page', async () => {
    const documents: Record<string, string> = JSON.parse(await fileOf('client/persisted-documents.json'));
    assert.ok(Object.keys(documents).length > 20);
    for (const text of Object.values(documents)) assert.equal(code(text, { first: 100, last: 100 }), null, text);
    assert.equal(code(dashboard), null);
  });

  test('B06 B07: lists below lists below lists are refused by what they would come to', () => {
    assert.equal(
      code(
        '{ conversations(first: 100) { edges { node { turns(first: 100) { edges { node { id reply { citations { text } } } } } } } } }',
      ),
      'COST_LIMIT_EXCEEDED',
    );
    assert.equal(
      code('{ knowledgeBases(first: 100) { edges { node { documents(first: 100) { edges { node { id } } } } } } }'),
      'COST_LIMIT_EXCEEDED',
    );
  });

  test('B25: pages of no sense', () => {
    for (const first of ['1000000', '101', '-1'])
      assert.equal(code(`{ conversations(first: ${first}) { edges { node { id } } } }`), 'BAD_USER_INPUT', first);
    assert.equal(code('{ conversations(first: null) { edges { node { id } } } }'), 'GRAPHQL_VALIDATION_FAILED');
    assert.equal(
      code('query($n: Int!) { conversations(first: $n) { pageInfo { endCursor } } }', { n: 101 }),
      'BAD_USER_INPUT',
    );
    assert.equal(code('{ conversation(id: 1) { turns(last: 1000000) { edges { cursor } } } }'), 'BAD_USER_INPUT');
  });

  test('B30: an operation checks one secret, under whatever aliases', () => {
    const input = '(input: { email: "a@b.c", password: "x" }) { __typename }';
    assert.equal(code(`mutation { signIn${input} }`), null);
    assert.equal(code(`mutation { a: signIn${input} b: signIn${input} }`), 'SENSITIVE_FIELD_LIMIT_EXCEEDED');
    assert.equal(
      code(
        `mutation { ...A ...B } fragment A on Mutation { signIn${input} } fragment B on Mutation { confirmTotpEnrolment(input: { code: "123456" }) { __typename } }`,
      ),
      'SENSITIVE_FIELD_LIMIT_EXCEEDED',
    );
  });
});
