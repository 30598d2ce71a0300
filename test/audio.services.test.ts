import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, test } from 'node:test';
import { uuidv7 } from '@parley/kernel/id';
import { createLog } from '@parley/kernel/log';
import { voiceConfig } from '@parley/voice/config';
import { openBlobStore } from '../subgraphs/voice/infrastructure/openBlobStore.ts';
import { audioReconciliation, runAudio } from './testkit/audioReconciliation.ts';
import { testDatabase } from './testkit/database.ts';
import { makeBucket } from './testkit/engines.ts';
import { temporaryFolder } from './testkit/platform.ts';

const given = Object.fromEntries(Object.entries(process.env).filter(([name]) => name.startsWith('S3_'))) as Record<
  string,
  string
>;
// A bucket of its own: orphans of others are deleted by nobody but them.
const environment = { ...given, S3_BUCKET: await makeBucket(given) };

describe('npm run audio over S3', () => {
  audioReconciliation('rows and objects', environment);

  test('copies the audio of files to S3, once, and says what is damaged', async () => {
    const folder = await temporaryFolder();
    const given = { ...environment, DATA_DIR: folder.path };
    const log = createLog({ level: 'silent', service: 'test' });
    const { s3 } = voiceConfig(given);
    const options = { dataFolder: folder.path, baseUrl: 'http://127.0.0.1:1', signingKey: Buffer.alloc(32), log };
    const [files, objects] = [await openBlobStore({ ...options, s3: null }), await openBlobStore({ ...options, s3 })];
    const tenantId = uuidv7();
    const keys = Array.from({ length: 30 }, () => `${tenantId}/syntheses/${uuidv7()}/${uuidv7()}.wav`);
    for (const [at, key] of keys.entries())
      await files.put(key, Buffer.from(`sound ${at}`), { contentType: 'audio/wav' });
    const file = path.join(folder.path, 'audio', keys[7] ?? '');
    await writeFile(file, (await readFile(file)).fill(1, 0, 1));

    const first = await runAudio(['copy-to-s3'], given);
    assert.deepEqual(first.lines, [`CORRUPT  ${keys[7]}`, '29 of 30 objects copied (223 bytes), 1 corrupt']);
    assert.equal(first.code, 1);
    for (const [at, key] of keys.entries()) {
      const found = await objects.get(key);
      if (at === 7) assert.equal(found, null);
      else assert.equal(found && (await text(found.body)), `sound ${at}`);
    }
    const again = await runAudio(['copy-to-s3', '--json'], given);
    assert.deepEqual(JSON.parse(again.lines[1] ?? ''), {
      kind: 'TOTALS',
      objects: 30,
      copied: 0,
      bytes: 0,
      corrupt: 1,
    });
    await objects.deleteAll(tenantId);
    await folder.remove();
  });

  test('L14 an S3 that does not answer is no finding: exit code 2, one line', async () => {
    const database = await testDatabase();
    const away = { ...environment, DATABASE_URL: database.url, S3_ENDPOINT: 'http://127.0.0.1:1' };
    const { code, lines, errors } = await runAudio(['reconcile'], away);
    assert.deepEqual([code, lines], [2, []]);
    assert.match(errors, /^audio: S3 could not list \S+: \S+: .*ECONNREFUSED.*\n$/);
    await database.drop();
  });
});
