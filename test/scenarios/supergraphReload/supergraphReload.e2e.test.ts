import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { post } from '../../testkit/graphql.ts';
import { startPlainSubgraph } from '../../testkit/plainSubgraph.ts';
import { type Scenario, startScenario, supergraphOf } from '../kit.ts';
import { counter, subgraphs } from './subgraphs.ts';

let scenario: Scenario;
let added: Awaited<ReturnType<typeof startPlainSubgraph>>;
before(async () => {
  scenario = await startScenario(import.meta.url, subgraphs);
  added = await startPlainSubgraph(counter.typeDefs, counter.resolvers);
});
after(async () => {
  await scenario.end();
  await added.stop();
});

const readiness = async () =>
  (await (await fetch(`${scenario.url}/health/ready`)).json()) as {
    ok: boolean;
    supergraph: { refused: string | null };
  };
const until = async (holds: () => Promise<boolean>): Promise<void> => {
  for (let i = 0; i < 200 && !(await holds()); i++) await delay(50);
  assert.ok(await holds());
};

test('C26 a supergraph with another subgraph is taken over while it runs', async () => {
  const urls = { first: scenario.subgraphs['first']?.url ?? '', counter: added.url };
  await writeFile(scenario.supergraphFile, supergraphOf({ ...subgraphs, counter }, urls));
  await until(async () => (await post(scenario.url, '{ count }')).status === 200);
  assert.deepEqual((await post(scenario.url, '{ count version }')).data, { count: 7, version: 1 });
});

test('C26 a broken one is refused: the old one serves on, and readiness says that one was refused', async () => {
  const good = await readFile(scenario.supergraphFile, 'utf8');
  await writeFile(scenario.supergraphFile, good.slice(0, good.length / 2));
  await until(async () => (await readiness()).supergraph.refused !== null);
  assert.equal((await readiness()).ok, true);
  assert.deepEqual((await post(scenario.url, '{ count }')).data, { count: 7 });
  await writeFile(scenario.supergraphFile, good);
  await until(async () => (await readiness()).supergraph.refused === null);
});
