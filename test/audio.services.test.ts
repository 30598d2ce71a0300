import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { audioReconciliation, runAudio } from './testkit/audioReconciliation.ts';
import { testDatabase } from './testkit/database.ts';
import { makeBucket } from './testkit/engines.ts';

const given = Object.fromEntries(Object.entries(process.env).filter(([name]) => name.startsWith('S3_'))) as Record<
  string,
  string
>;
// A bucket of its own: orphans of others are deleted by nobody but them.
const environment = { ...given, S3_BUCKET: await makeBucket(given) };

describe('npm run audio over S3', () => {
  audioReconciliation('rows and objects', environment);

  test('L14 an S3 that does not answer is no finding: exit code 2, one line', async () => {
    const database = await testDatabase();
    const away = { ...environment, DATABASE_URL: database.url, S3_ENDPOINT: 'http://127.0.0.1:1' };
    const { code, lines, errors } = await runAudio(['reconcile'], away);
    assert.deepEqual([code, lines], [2, []]);
    assert.match(errors, /^audio: S3 could not list \S+: \S+: .*ECONNREFUSED.*\n$/);
    await database.drop();
  });
});
