import assert from 'node:assert/strict';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { authSchema } from '../fixture/authSchema.ts';
import { type Running, sha256, startFixture } from '../fixture/gateway.ts';
import { composeFixture } from '../fixture/supergraph.ts';
import { silentLog } from '../log.ts';
import { type WatchedFile, watchFile } from './watchedFile.ts';

const original = composeFixture();
const renamed = composeFixture({ auth: authSchema.replace('motd: String', 'motto: String') });
const extended = composeFixture({ auth: authSchema.replace('motd: String', 'motd: String\n  motto: String') });

const until = async (holds: () => Promise<boolean>): Promise<void> => {
  for (let waited = 0; !(await holds()); waited += 25) {
    assert.ok(waited < 10_000, 'it never came about');
    await delay(25);
  }
};

describe('the supergraph file', () => {
  let folder: string;
  let file: string;
  let running: Running;
  let watched: WatchedFile;
  const errors: string[] = [];
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'parley-supergraph-'));
    file = path.join(folder, 'supergraph.graphql');
    await writeFile(file, original);
    running = await startFixture();
    errors.length = 0;
    const log = { ...silentLog, error: (_: object, message: string) => void errors.push(message) };
    watched = watchFile(file, original, running.gateway.loadSupergraph, log);
  });
  afterEach(async () => {
    watched.close();
    await running.gateway.close();
    await rm(folder, { recursive: true });
  });
  const knows = async (field: string) => (await running.post({ query: `{ ${field} }` })).status === 200;
  const state = async () => (await running.send('GET', '/health/ready')).body.supergraph;

  test('C26: a changed file is taken over by itself, written in place or swapped in; what breaks clients is logged', async () => {
    await writeFile(file, renamed);
    await until(() => knows('motto'));
    assert.equal(await knows('motd'), false);
    const warning = running.log.find(({ message }) => message.includes('breaks clients'));
    assert.match(JSON.stringify(warning?.details), /Query\.motd was removed/);
    await writeFile(`${file}.new`, original);
    await rename(`${file}.new`, file);
    await until(() => knows('motd'));
  });

  test('C26: an unfit file is refused: the old one serves on, log and readiness say so, until a fit one comes', async () => {
    const { hash } = await state();
    for (const unfit of ['type Query { x: Int }', original.slice(0, 2000), '']) {
      await writeFile(file, unfit);
      await until(async () => (await state()).refused !== null);
      assert.equal((await state()).hash, hash);
      assert.equal(await knows('motd'), true);
      assert.equal((await running.send('GET', '/health/ready')).status, 200);
      assert.match(errors.pop() ?? '', /was refused/);
      await writeFile(file, original);
      await until(async () => (await state()).refused === null);
    }
    await writeFile(file, extended);
    await until(() => knows('motto'));
    assert.notEqual((await state()).hash, hash);
  });

  test('a check by hand looks at once; a file that is gone changes nothing', async () => {
    await writeFile(file, extended);
    await watched.check();
    assert.equal(await knows('motto'), true);
    await rm(file);
    await watched.check();
    assert.equal(await knows('motto'), true);
  });
});

test('C27: no request fails while supergraphs are swapped under load', async () => {
  const trusted = '{ conversation(id: "c1") { status metrics { turnCount } owner { name } } }';
  const running = await startFixture({ trustedDocuments: JSON.stringify({ [sha256(trusted)]: trusted }) });
  const expected = { data: { conversation: { status: 'OPEN', metrics: { turnCount: 3 }, owner: { name: 'Ada' } } } };
  let swapping = true;
  let answered = 0;
  const client = async (): Promise<void> => {
    while (swapping) {
      const { status, body } = await running.post({ query: trusted });
      assert.equal(status, 200);
      assert.deepEqual(body, expected);
      answered += 1;
    }
  };
  const clients = Array.from({ length: 8 }, client);
  for (const sdl of [renamed, extended, original, renamed, original]) {
    const before = answered;
    await running.gateway.loadSupergraph(sdl);
    await until(async () => answered > before + 8);
  }
  swapping = false;
  await Promise.all(clients);
  assert.deepEqual(
    running.log.filter(({ level }) => level === 'error'),
    [],
  );
  await running.gateway.close();
});
