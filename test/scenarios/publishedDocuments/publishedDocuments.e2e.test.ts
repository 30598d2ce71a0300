import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { post } from '../../testkit/graphql.ts';
import { temporaryFolder } from '../../testkit/platform.ts';
import { refusedStart } from '../../testkit/platformProcess.ts';
import { type Scenario, startScenario } from '../kit.ts';
import { subgraphs } from './subgraphs.ts';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const hello = 'query Hello($name: String!) { hello(name: $name) }';
const manifest = (...bodies: string[]): string =>
  JSON.stringify({
    format: 'apollo-persisted-query-manifest',
    version: 1,
    operations: bodies.map((body) => ({ id: sha256(body), name: 'Any', type: 'query', body })),
  });

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let scenario: Scenario;
let file: string;
before(async () => {
  folder = await temporaryFolder();
  file = `${folder.path}/documents.json`;
  await writeFile(file, manifest(hello));
  scenario = await startScenario(import.meta.url, subgraphs, { GATEWAY_TRUSTED_DOCUMENTS: file });
});
after(async () => {
  await scenario.end();
  await folder.remove();
});

const run = async (body: string, variables: object = {}) => {
  const response = await fetch(`${scenario.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ documentId: `sha256:${sha256(body)}`, variables }),
  });
  return response.json() as Promise<{ data?: object; errors?: { extensions: { code: string } }[] }>;
};

test('what the manifest names runs, and nothing else', async () => {
  assert.deepEqual(await run(hello, { name: 'Ada' }), { data: { hello: 'Hello Ada' } });
  const text = await post(scenario.url, '{ secret }');
  assert.equal(text.status, 403);
  assert.equal(text.errors?.[0]?.extensions?.['code'], 'PERSISTED_QUERY_ONLY');
});

test('another manifest is taken over while it runs; a broken one is not', async () => {
  const other = '{ hello(name: "you") }';
  await writeFile(file, manifest(other));
  for (let i = 0; i < 100 && (await run(other)).errors; i++) await delay(50);
  assert.deepEqual(await run(other), { data: { hello: 'Hello you' } });
  assert.equal((await run(hello, { name: 'Ada' })).errors?.[0]?.extensions.code, 'PERSISTED_QUERY_NOT_FOUND');
  await writeFile(file, '{');
  await delay(500);
  assert.deepEqual(await run(other), { data: { hello: 'Hello you' } });
});

test('M14 a manifest that is none stops the start with one line that names the variable', async () => {
  const { code, output } = await refusedStart({ PORT: '0', GATEWAY_TRUSTED_DOCUMENTS: 'README.md' }, 20_000, [
    'gateway',
    '--supergraph',
    scenario.supergraphFile,
  ]);
  assert.equal(code, 1);
  assert.match(output, /^parley: .*GATEWAY_TRUSTED_DOCUMENTS.*\n$/);
});
