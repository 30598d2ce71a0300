import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { CreateBucketCommand, DeleteBucketCommand } from '@aws-sdk/client-s3';
import { voiceConfig } from '@parley/voice/config';
import { createS3Client, usualPatience } from '../subgraphs/voice/infrastructure/s3Client.ts';
import { audioReconciliation, runAudio } from './testkit/audioReconciliation.ts';
import { testDatabase } from './testkit/database.ts';

const settings = voiceConfig(process.env).s3;
assert.ok(settings, 'S3_BUCKET and the rest of S3_… say where S3 is: npm run test:services');

describe('npm run audio over S3', () => {
  // A bucket of its own: orphans of others are deleted by nobody but them.
  const bucket = `test-${randomBytes(6).toString('hex')}`;
  const environment = {
    ...(Object.fromEntries(Object.entries(process.env).filter(([name]) => name.startsWith('S3_'))) as Record<
      string,
      string
    >),
    S3_BUCKET: bucket,
  };
  const client = createS3Client(settings, usualPatience);
  before(() => client.send(new CreateBucketCommand({ Bucket: bucket })));
  after(() => client.send(new DeleteBucketCommand({ Bucket: bucket })));

  audioReconciliation('rows and objects', environment);

  test('L14 an S3 that does not answer is no finding: exit code 2, one line', async () => {
    const database = await testDatabase();
    const away = { ...environment, DATABASE_URL: database.url, S3_ENDPOINT: 'http://127.0.0.1:1' };
    const { code, lines, errors } = await runAudio(['reconcile'], away);
    assert.deepEqual([code, lines], [2, []]);
    assert.match(errors, /^audio: S3 could not list \S+: .*ECONNREFUSED.*\n$/);
    await database.drop();
  });
});
