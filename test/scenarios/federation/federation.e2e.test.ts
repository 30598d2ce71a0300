import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { post } from '../../testkit/graphql.ts';
import { type Scenario, startScenario } from '../kit.ts';
import { subgraphs } from './subgraphs.ts';

let scenario: Scenario;
before(async () => {
  scenario = await startScenario(import.meta.url, subgraphs);
});
after(() => scenario.end());

test('an interface of entities, a field made of what another subgraph knows, one request for all of a kind', async () => {
  const query =
    '{ products { __typename name ... on Book { cost: shippingCost } ... on Lamp { cost: shippingCost } } }';
  const { data, errors } = await post(scenario.url, query);
  assert.equal(errors, undefined);
  assert.deepEqual(data, {
    products: [
      { __typename: 'Book', name: 'A book', cost: 20 },
      { __typename: 'Lamp', name: 'A lamp', cost: 100 },
      { __typename: 'Book', name: 'A book', cost: 20 },
    ],
  });
  assert.equal(scenario.subgraphs['catalogue']?.heard.length, 1);
  assert.equal(scenario.subgraphs['shipping']?.heard.length, 1);
});

test('what is nobody’s business stays inside: no _entities, no address', async () => {
  const { status, errors } = await post(scenario.url, '{ _entities(representations: []) { __typename } }');
  assert.equal(status, 400);
  assert.doesNotMatch(JSON.stringify(errors), /127\.0\.0\.1/);
});
