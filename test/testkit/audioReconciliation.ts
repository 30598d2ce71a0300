import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { uuidv7 } from '@parley/kernel/id';
import { createLog } from '@parley/kernel/log';
import { voiceConfig } from '@parley/voice/config';
import pg from 'pg';
import type { BlobStore } from '../../subgraphs/voice/infrastructure/blobStore.ts';
import { openBlobStore } from '../../subgraphs/voice/infrastructure/openBlobStore.ts';
import { type TestDatabase, testDatabase } from './database.ts';
import { temporaryFolder } from './platform.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** `npm run audio -- …` as a process of its own. */
export const runAudio = async (
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<{ code: number; lines: string[]; errors: string }> => {
  const child = spawn(process.execPath, ['scripts/audio.ts', ...args], {
    cwd: root,
    env: { PATH: process.env['PATH'], ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [out, errors, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { code: code as number, lines: out.split('\n').filter(Boolean), errors };
};

type Told = { kind: string; key: string; deleted: boolean; bytes: number | null };
const read = (lines: readonly string[]) => {
  const all = lines.map((line) => JSON.parse(line) as Told);
  const totals = all.pop() as unknown as Record<string, number>;
  return { found: all.map(({ kind, key }) => `${kind} ${key}`).sort(), all, totals };
};

/** What `npm run audio -- reconcile` does over any store. @param engines what switches the platform to the store */
export const audioReconciliation = (name: string, engines: Readonly<Record<string, string>>): void => {
  describe(name, () => {
    let database: TestDatabase;
    let admin: pg.Client;
    let folder: Awaited<ReturnType<typeof temporaryFolder>>;
    let store: BlobStore;
    let environment: Record<string, string>;
    const [well, ill, large, rowless] = [uuidv7(), uuidv7(), uuidv7(), uuidv7()];
    before(async () => {
      [database, folder] = await Promise.all([testDatabase(), temporaryFolder()]);
      admin = new pg.Client({ connectionString: database.adminUrl });
      await admin.connect();
      environment = { DATABASE_URL: database.url, DATA_DIR: folder.path, ...engines };
      const log = createLog({ level: 'silent', service: 'test' });
      const signingKey = Buffer.alloc(32, 1);
      store = await openBlobStore({
        s3: voiceConfig(engines).s3,
        dataFolder: folder.path,
        baseUrl: 'http://127.0.0.1:1',
        signingKey,
        log,
      });
    });
    after(async () => {
      for (const tenantId of [well, ill, large, rowless]) await store.deleteAll(tenantId);
      await admin.end();
      await database.drop();
      await folder.remove();
    });
    const keyOf = (tenantId: string, id: string) => `${tenantId}/syntheses/${uuidv7()}/${id}.wav`;
    const put = async (key: string, bytes = 'sound') =>
      (await store.put(key, Buffer.from(bytes), { contentType: 'audio/wav' })).checksum;
    const addRow = (tenantId: string, id: string, key: string, checksum: string | null) =>
      admin.query(
        `INSERT INTO voice.audio_chunk (tenant_id, id, sequence, status, text, locale, blob_key, blob_checksum, start_ms, duration_ms, words, is_final, created_at)
         VALUES ($1, $2, 1, 'READY', 'Hello.', 'en-US', $3, $4, 0, 100, '[]', true, now())`,
        [tenantId, id, key, checksum],
      );
    const addChunk = async (tenantId: string): Promise<string> => {
      const id = uuidv7();
      const key = keyOf(tenantId, id);
      await addRow(tenantId, id, key, await put(key));
      return key;
    };
    const reconcile = (...args: string[]) => runAudio(['reconcile', ...args], environment);

    test('L15 says nothing of audio whose rows and objects agree, made MP3s among them', async () => {
      const keys = [await addChunk(well), await addChunk(well), await addChunk(well)];
      await put(keys[1]?.replace('.wav', '.mp3') ?? '', 'smaller');
      const id = uuidv7();
      const old = keyOf(well, id);
      await addRow(well, id, old, null);
      await put(old);
      const { code, lines, errors } = await reconcile('--older-than', '0s', '--verify');
      assert.equal(errors, '');
      assert.deepEqual(lines, [
        '4 rows and 5 objects (27 bytes) of 1 tenants: 0 orphans, 0 missing, 0 corrupt of 4 verified, 0 too young to be judged',
      ]);
      assert.equal(code, 0);
    });

    test('L15 L14 reports objects without a row, rows without an object, and bytes that are others', async () => {
      await addChunk(ill);
      const [orphan, lone] = [keyOf(ill, uuidv7()), `${rowless}/conversations/${uuidv7()}/${uuidv7()}.wav`];
      const orphanMp3 = keyOf(ill, uuidv7()).replace('.wav', '.mp3');
      for (const key of [orphan, orphanMp3, lone]) await put(key);
      const missing = await addChunk(ill);
      await store.delete(missing);
      const changed = await addChunk(ill);
      await put(changed, 'other');

      const young = await reconcile('--json');
      assert.deepEqual(read(young.lines).found, [`MISSING ${missing}`]);
      assert.equal(read(young.lines).totals['young'], 3);
      assert.equal(young.code, 1);

      const { code, lines } = await reconcile('--json', '--older-than', '0s', '--verify');
      const { found, totals } = read(lines);
      assert.deepEqual(
        found,
        [
          `CORRUPT ${changed}`,
          `MISSING ${missing}`,
          ...[orphan, orphanMp3, lone].map((key) => `ORPHAN ${key}`).sort(),
        ].sort(),
      );
      assert.equal(code, 1);
      assert.deepEqual([totals['orphans'], totals['missing'], totals['corrupt'], totals['deleted']], [3, 1, 1, 0]);

      const plain = await reconcile('--tenant', ill, '--older-than', '0s');
      assert.ok(plain.lines.includes(`ORPHAN   tenant ${ill} ${orphan}, 5 bytes`), plain.lines.join('\n'));
      assert.ok(plain.lines.includes(`MISSING  tenant ${ill} ${missing}`));
      assert.equal((await reconcile('--tenant', well, '--older-than', '0s')).code, 0);
    });

    test('L15 deletes orphans when told to, and nothing else', async () => {
      const before = read((await reconcile('--json', '--older-than', '0s')).lines);
      const orphans = before.all.filter(({ kind }) => kind === 'ORPHAN').map(({ key }) => key);
      assert.equal(orphans.length, 3);
      const refused = await reconcile('--json', '--delete-orphans');
      assert.equal(read(refused.lines).totals['deleted'], 0, 'too young');
      const { all, totals } = read((await reconcile('--json', '--older-than', '0s', '--delete-orphans')).lines);
      assert.deepEqual([totals['orphans'], totals['deleted']], [3, 3]);
      assert.ok(all.every(({ kind, deleted }) => deleted === (kind === 'ORPHAN')));
      for (const key of orphans) assert.equal(await store.info(key), null);
      const afterwards = read((await reconcile('--json', '--older-than', '0s')).lines);
      assert.deepEqual(
        afterwards.found,
        before.found.filter((line) => line.startsWith('MISSING')),
      );
      assert.equal(afterwards.totals['objects'], (before.totals['objects'] ?? 0) - 3);
    });

    test('L15 pages through what is more than one page of rows and of objects', async () => {
      const ids = Array.from({ length: 1_205 }, () => uuidv7());
      for (let at = 0; at < ids.length; at += 100)
        await Promise.all(
          ids.slice(at, at + 100).map(async (id) => {
            const key = keyOf(large, id);
            await addRow(large, id, key, await put(key));
          }),
        );
      const { code, lines } = await reconcile('--json', '--tenant', large, '--older-than', '0s', '--verify');
      const { found, totals } = read(lines);
      assert.deepEqual(found, []);
      assert.deepEqual([totals['rows'], totals['objects'], totals['verified']], [1_205, 1_205, 1_205]);
      assert.equal(code, 0);
    });
  });
};
