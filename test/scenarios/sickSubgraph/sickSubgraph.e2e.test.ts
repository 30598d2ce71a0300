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

test('one that is slow, too large or failing costs its own fields, with an error and a path at each', async () => {
  for (const [field, code] of [
    ['slow', 'UPSTREAM_TIMEOUT'],
    ['huge', 'SUBGRAPH_INVALID_RESPONSE'],
    ['failing', undefined],
  ] as const) {
    const { data, errors = [] } = await post(scenario.url, `{ item { name ${field} } }`);
    assert.deepEqual(data, { item: { name: 'Lamp', [field]: null } });
    assert.deepEqual(errors[0]?.path, ['item', field]);
    if (code) assert.equal(errors[0]?.extensions?.['code'], code);
    assert.doesNotMatch(JSON.stringify(errors), /127\.0\.0\.1/);
  }
});

test('null where the schema forbids it goes up to where it is allowed, and is said', async () => {
  const { data, errors } = await post(scenario.url, '{ item { name required } }');
  assert.deepEqual(data, { item: null });
  assert.deepEqual(errors?.[0]?.path, ['item', 'required']);
});

test('one that is gone is given up at once after a while, and is asked again when it is back', async () => {
  await scenario.subgraphs['sick']?.stop();
  for (let i = 0; i < 12; i++) {
    const { data, errors } = await post(scenario.url, '{ item { name huge } }');
    assert.deepEqual(data, { item: { name: 'Lamp', huge: null } });
    assert.equal(errors?.[0]?.extensions?.['code'], 'SUBGRAPH_UNAVAILABLE');
  }
  await scenario.subgraphs['sick']?.start();
  let answer = await post(scenario.url, '{ item { failing } }');
  const until = Date.now() + 20_000;
  while (answer.errors?.[0]?.extensions?.['code'] === 'SUBGRAPH_UNAVAILABLE' && Date.now() < until)
    answer = await post(scenario.url, '{ item { failing } }');
  assert.notEqual(answer.errors?.[0]?.extensions?.['code'], 'SUBGRAPH_UNAVAILABLE');
});
