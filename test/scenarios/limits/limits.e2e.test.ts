import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { post, socket } from '../../testkit/graphql.ts';
import { type Scenario, startScenario } from '../kit.ts';
import { subgraphs } from './subgraphs.ts';

let scenario: Scenario;
before(async () => {
  scenario = await startScenario(import.meta.url, subgraphs);
});
after(() => scenario.end());

const books = 'query($first: Int!, $similar: Int!) { books(first: $first) { title similar(first: $similar) { id } } }';

test('a query is refused by what its lists could come to, before a subgraph hears of it', async () => {
  const few = await post(scenario.url, books, { first: 5, similar: 5 });
  assert.equal(few.status, 200);
  const heard = scenario.subgraphs['library']?.heard.length;
  const many = await post(scenario.url, books, { first: 50, similar: 50 });
  assert.equal(many.status, 400);
  assert.equal(many.errors?.[0]?.extensions?.['code'], 'COST_LIMIT_EXCEEDED');
  assert.ok(Number(many.errors?.[0]?.extensions?.['cost']) > 2500);
  assert.equal(scenario.subgraphs['library']?.heard.length, heard);
});

test('over WebSocket the same', async () => {
  const client = socket(scenario.url);
  const refused = client.iterate({ query: books, variables: { first: 50, similar: 50 } }).next();
  await assert.rejects(refused, (errors) => /COST_LIMIT_EXCEEDED/.test(JSON.stringify(errors)));
  await client.dispose();
});

test('whoever spends all is told when to come back', async () => {
  let last = await post(scenario.url, '{ report }');
  for (let i = 0; i < 10 && last.status === 200; i++) last = await post(scenario.url, '{ report }');
  assert.equal(last.status, 429);
  assert.equal(last.errors?.[0]?.extensions?.['code'], 'RATE_LIMITED');
  const response = await fetch(`${scenario.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"query":"{ report }"}',
  });
  assert.ok(Number(response.headers.get('retry-after')) >= 1);
});
