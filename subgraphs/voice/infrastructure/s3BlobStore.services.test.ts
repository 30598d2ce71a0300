import assert from 'node:assert/strict';
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { after, before, beforeEach, describe, it } from 'node:test';
import { type FaultyHttp, startFaultyHttp } from '../../../test/testkit/faultyHttp.ts';
import { type S3Settings, voiceConfig } from '../config.ts';
import { type BlobStore, BlobStoreUnavailable } from './blobStore.ts';
import { blobStoreContract } from './blobStoreContract.fixture.ts';
import { s3BlobStore } from './s3BlobStore.ts';
import { checkBucket } from './s3Client.ts';

const { s3 } = voiceConfig(process.env);
assert.ok(s3, 'S3_BUCKET and the rest of S3_… say where S3 is: npm run test:services');
const settings: S3Settings = s3;

blobStoreContract('objects in S3', async () => ({ store: s3BlobStore(settings), close: async () => {} }));

describe('S3 that misbehaves (L14)', () => {
  const tenant = randomUUID();
  const newKey = () => `${tenant}/conversations/${randomUUID()}.wav`;
  const wav = { contentType: 'audio/wav' };
  const bytes = randomBytes(100_000);
  const checksum = createHash('sha256').update(bytes).digest('hex');
  /** Each bound short, so that what never answers is told from what is slow. */
  const patience = { connectMs: 500, tryMs: 400, callMs: 1_500 };
  let straight: BlobStore;
  let faulty: FaultyHttp;
  let store: BlobStore;
  before(async () => {
    straight = s3BlobStore(settings);
    faulty = await startFaultyHttp(settings.endpoint ?? '');
    store = s3BlobStore({ ...settings, endpoint: faulty.url }, patience);
  });
  beforeEach(() => faulty.heal());
  after(async () => {
    await straight.deleteAll(tenant);
    await faulty.stop();
  });
  const isOutage = (error: unknown) => error instanceof BlobStoreUnavailable && !error.message.includes('\n');

  for (const [what, faults] of [
    ['a 500, then a 503', [500, 503].map((status) => ({ kind: 'refuse', status }) as const)],
    ['an upload cut in half', [{ kind: 'cutUpload' }]],
    ['a connection that was reset, twice', [{ kind: 'reset' }, { kind: 'reset' }]],
    ['an upload that was never answered', [{ kind: 'hang' }]],
    ['an upload that arrived with another bit', [{ kind: 'flipBit' }]],
    ['an answer that got lost after the upload was done', [{ kind: 'cutDownload' }]],
  ] as const)
    it(`takes an object after ${what}`, async () => {
      const key = newKey();
      faulty.next(faults);
      assert.equal((await store.put(key, bytes, wav)).checksum, checksum);
      const found = await straight.get(key);
      assert.ok(found && (await buffer(found.body)).equals(bytes));
    });

  for (const [what, fault] of [
    ['answers 500', { kind: 'refuse', status: 500 }],
    ['answers 503', { kind: 'refuse', status: 503 }],
    ['answers 429', { kind: 'refuse', status: 429 }],
    ['never answers', { kind: 'hang' }],
    ['takes half of everything', { kind: 'cutUpload' }],
    ['gets other bits', { kind: 'flipBit' }],
    ['resets every connection', { kind: 'reset' }],
  ] as const)
    it(`is an outage, told in bounded time, leaves nothing behind, and is over when it is over: it ${what}`, async () => {
      const key = newKey();
      faulty.next([fault], true);
      const asked = faulty.seen.length;
      await assert.rejects(store.put(key, bytes, wav), isOutage);
      assert.ok(faulty.seen.length - asked <= 6, `${faulty.seen.length - asked} tries`);
      if (fault.kind !== 'cutUpload' && fault.kind !== 'flipBit') {
        await assert.rejects(store.info(key), isOutage);
        await assert.rejects(store.get(key), isOutage);
        await assert.rejects(store.delete(key), isOutage);
        await assert.rejects(store.deleteAll(tenant), isOutage);
      }
      assert.equal(await straight.info(key), null);
      faulty.heal();
      await store.put(key, bytes, wav);
      assert.equal((await store.info(key))?.checksum, checksum);
    });

  it('tells the reader when a body ends half way, and never as a whole', async () => {
    const key = newKey();
    await straight.put(key, bytes, wav);
    for (const range of [undefined, { start: 0, end: 89_999 }]) {
      faulty.next([{ kind: 'cutDownload' }]);
      const found = await store.get(key, range);
      assert.ok(found);
      await assert.rejects(buffer(found.body), isOutage);
    }
  });

  it('waits for what is slow', async () => {
    const key = newKey();
    faulty.next([{ kind: 'delay', ms: 250 }], true);
    await store.put(key, bytes, wav);
    const found = await store.get(key);
    assert.ok(found && (await buffer(found.body)).equals(bytes));
  });
});

describe('a bucket that cannot be used', () => {
  it('is refused in one line that names the variable', async () => {
    assert.equal(await checkBucket(settings), null);
    for (const [change, variable] of [
      [{ bucket: 'there-is-no-such-bucket' }, 'S3_BUCKET'],
      [{ secretAccessKey: 'wrong' }, 'S3_SECRET_ACCESS_KEY'],
      [{ accessKeyId: 'NOBODY' }, 'S3_ACCESS_KEY_ID'],
    ] as const)
      await assert.rejects(
        checkBucket({ ...settings, ...change }),
        (error: Error) =>
          error.name === 'ConfigError' && error.message.includes(variable) && !/\n|wrong/.test(error.message),
      );
  });

  it('is waited for when it does not answer', async () => {
    assert.match((await checkBucket({ ...settings, endpoint: 'http://127.0.0.1:1' })) ?? '', /ECONNREFUSED/);
  });
});
