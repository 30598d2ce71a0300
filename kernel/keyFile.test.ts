import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { openKeyFile } from './keyFile.ts';

describe('the master key file', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'parley-keys-'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  test('is made once, readable by its owner alone, when many who share the folder and a process id ask at the same time', async () => {
    for (let round = 0; round < 20; round++) {
      const file = path.join(folder, String(round), 'master.key');
      const keys = await Promise.all(Array.from({ length: 8 }, () => openKeyFile(file)));
      const derived = new Set(keys.map((key) => key.derive('a purpose').toString('hex')));
      assert.equal(derived.size, 1, 'all hold the same key');
      assert.deepEqual([...derived], [(await openKeyFile(file)).derive('a purpose').toString('hex')], 'and it stays');
      assert.equal((await readFile(file)).length, 32);
      assert.equal((await stat(file)).mode & 0o777, 0o600);
      assert.deepEqual(await readdir(path.dirname(file)), ['master.key'], 'no draft is left');
    }
  });
});
