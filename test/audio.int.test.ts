import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { audioReconciliation, runAudio } from './testkit/audioReconciliation.ts';
import { temporaryFolder } from './testkit/platform.ts';

audioReconciliation('npm run audio over files', {});

describe('npm run audio', () => {
  test('says how it is used, and exits with 2, when it is asked for something else', async () => {
    const environment = { DATABASE_URL: 'postgresql://app_login@127.0.0.1:1/parley' };
    for (const [args, said] of [
      [[], /reconcile/],
      [['sweep'], /reconcile/],
      [['reconcile', '--tenant', 'x'], /--tenant x is no id/],
      [['reconcile', '--older-than', 'soon'], /--older-than soon is no duration/],
      [['reconcile', '--everything'], /--everything/],
    ] as const) {
      const { code, errors } = await runAudio(args, environment);
      assert.equal(code, 2);
      assert.match(errors, said);
      assert.match(errors, /npm run audio -- reconcile/);
    }
  });

  test('exits with 2 and one line when it cannot look', async () => {
    const folder = await temporaryFolder();
    for (const [environment, said] of [
      [{ DATABASE_URL: 'postgresql://app_login@127.0.0.1:1/parley' }, /^audio: DATABASE_URL cannot be used.*\n$/],
      [{ DATA_DIR: folder.path }, /^audio: DATA_DIR \S+ holds no database.*\n$/],
      [{ DATA_DIR: folder.path, S3_BUCKET: 'audio', S3_REGION: 'x' }, /^audio: S3_ACCESS_KEY_ID is missing.*\n$/],
    ] as const) {
      const { code, errors } = await runAudio(['reconcile'], environment);
      assert.equal(code, 2);
      assert.match(errors, said);
    }
    const nowhere = await runAudio(['copy-to-s3'], { DATA_DIR: folder.path });
    assert.equal(nowhere.code, 2);
    assert.match(nowhere.errors, /^audio: S3_BUCKET is missing.*\n$/);
    await folder.remove();
  });
});
