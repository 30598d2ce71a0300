import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { ConfigError } from '@parley/kernel/config';
import { audioOrigin, voiceConfig } from '../config.ts';
import { audioLinks } from './audioLinks.ts';
import { s3BlobStore } from './s3BlobStore.ts';

const keys = { S3_ACCESS_KEY_ID: 'AKIDEXAMPLE', S3_SECRET_ACCESS_KEY: 'hunter2hunter2' };
const whole = { S3_BUCKET: 'audio', S3_REGION: 'eu-central-1', ...keys };
const now = new Date('2026-01-02T03:04:05Z');

const linkFor = async (environment: Record<string, string>): Promise<URL> => {
  const { s3 } = voiceConfig(environment);
  assert.ok(s3);
  return s3BlobStore(s3).signedUrl('t1/conversations/c1/1.wav', { expiresInMs: 300_000, now });
};

describe('S3 in the environment', () => {
  it('is off without S3_BUCKET, and refused by name when half set', () => {
    assert.equal(voiceConfig({}).s3, null);
    for (const [environment, name] of [
      [{ S3_ENDPOINT: 'http://127.0.0.1:9000' }, 'S3_BUCKET'],
      [{ ...keys }, 'S3_BUCKET'],
      [{ S3_PUBLIC_ENDPOINT: 'https://audio.example.com' }, 'S3_BUCKET'],
      [{ S3_BUCKET: 'audio', ...keys }, 'S3_REGION'],
      [{ ...whole, S3_ACCESS_KEY_ID: '' }, 'S3_ACCESS_KEY_ID'],
      [{ ...whole, S3_SECRET_ACCESS_KEY: '' }, 'S3_SECRET_ACCESS_KEY'],
      [{ ...whole, S3_BUCKET: 'Audio Bucket' }, 'S3_BUCKET'],
      [{ ...whole, S3_ENDPOINT: '127.0.0.1:9000' }, 'S3_ENDPOINT'],
      [{ ...whole, S3_FORCE_PATH_STYLE: 'maybe' }, 'S3_FORCE_PATH_STYLE'],
    ] as const)
      assert.throws(
        () => voiceConfig(environment),
        (error: Error) =>
          error instanceof ConfigError && new RegExp(`^${name} (?!.*hunter2)[^\\n]+$`).test(error.message),
      );
  });

  it('gives links to where the bucket is: Amazon’s, one with an address of its own, one that browsers reach elsewhere', async () => {
    for (const [environment, address] of [
      [{}, 'https://audio.s3.eu-central-1.amazonaws.com/t1'],
      [{ S3_FORCE_PATH_STYLE: 'true' }, 'https://s3.eu-central-1.amazonaws.com/audio/t1'],
      [{ S3_ENDPOINT: 'http://127.0.0.1:9000/' }, 'http://127.0.0.1:9000/audio/t1'],
      [{ S3_ENDPOINT: 'https://x.example.com/storage/v1/s3' }, 'https://x.example.com/storage/v1/s3/audio/t1'],
      [{ S3_ENDPOINT: 'https://s3.example.com', S3_FORCE_PATH_STYLE: 'false' }, 'https://audio.s3.example.com/t1'],
      [
        { S3_ENDPOINT: 'http://minio:9000', S3_PUBLIC_ENDPOINT: 'https://audio.example.com' },
        'https://audio.example.com/audio/t1',
      ],
    ] as const) {
      const link = await linkFor({ ...whole, ...environment });
      assert.equal(`${link.origin}${link.pathname}`, `${address}/conversations/c1/1.wav`);
      assert.equal(link.searchParams.get('X-Amz-Date'), '20260102T030405Z');
      assert.equal(link.searchParams.get('X-Amz-Expires'), '300');
      assert.match(link.searchParams.get('X-Amz-Signature') ?? '', /^[0-9a-f]{64}$/);
      // Pages may load audio from there, and whoever serves pages needs no keys to know it.
      const { S3_ACCESS_KEY_ID: _, S3_SECRET_ACCESS_KEY: __, ...place } = { ...whole, ...environment };
      assert.equal(audioOrigin(place), link.origin);
    }
    assert.equal(audioOrigin({}), null);
  });

  it('has WAV fetched from the bucket and MP3 from us, and no link for another tenant’s object (I28)', async () => {
    const { s3 } = voiceConfig(whole);
    assert.ok(s3);
    const links = audioLinks({
      store: s3BlobStore(s3),
      baseUrl: 'https://voice.example.com',
      signingKey: Buffer.alloc(32, 1),
      expiresInMs: 300_000,
      clock: () => now,
    });
    const key = 't1/conversations/c1/1.wav';
    assert.equal((await links.linkTo('t1', key, 'WAV')).host, 'audio.s3.eu-central-1.amazonaws.com');
    const { origin, pathname } = await links.linkTo('t1', key, 'MP3');
    assert.equal(origin + pathname, 'https://voice.example.com/audio/t1/conversations/c1/1.mp3');
    for (const format of ['WAV', 'MP3'] as const) {
      await assert.rejects(links.linkTo('t2', key, format), /another tenant/);
      await assert.rejects(links.linkTo('t', key, format), /another tenant/);
    }
  });

  it('without it, its client is not even loaded', async () => {
    const loaded = async (module: string): Promise<string> => {
      const script = `await import('${module}');
        const { default: { _cache } } = await import('node:module');
        console.log(Object.keys(_cache).some((file) => file.includes('@aws-sdk')))`;
      const cwd = fileURLToPath(new URL('.', import.meta.url));
      const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], { cwd });
      return stdout.trim();
    };
    assert.equal(await loaded('../server.ts'), 'false');
    assert.equal(await loaded('./s3BlobStore.ts'), 'true');
  });
});
