import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request as httpRequest, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { after, before, describe, it } from 'node:test';
import { audioHandler } from './audioHandler.ts';
import { type BlobStore, isBlobKey } from './blobStore.ts';
import { createCompressor } from './compressedAudio.ts';
import { localBlobStore } from './localBlobStore.ts';
import { signUrl } from './signedUrl.ts';
import { decodeWav, encodeWav } from './wav.ts';

const folder = mkdtempSync(join(tmpdir(), 'audio-'));
const signingKey = Buffer.alloc(32, 7);
const key = '0190a/conversations/c1/t1/1.wav';
const tone = (ms: number, sampleRate = 22_050) => ({
  sampleRate,
  samples: Int16Array.from(
    { length: Math.round((sampleRate * ms) / 1_000) },
    (_, at) => 16_000 * Math.sin((2 * Math.PI * 440 * at) / sampleRate),
  ),
});
const wav = encodeWav(tone(1_234));
let clock = new Date('2026-01-01T00:00:00Z');
let store: BlobStore;
let server: Server;
let base: string;
let serve: ReturnType<typeof audioHandler>;
const compressor = createCompressor();
const faults: unknown[] = [];

before(async () => {
  server = createServer((request, response) => void serve(request, response)).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  store = localBlobStore({ folder, baseUrl: base, signingKey });
  serve = audioHandler({ store, compressor, signingKey, now: () => clock, onError: (error) => faults.push(error) });
  await store.put(key, wav, { contentType: 'audio/wav' });
});
after(async () => {
  server.closeAllConnections();
  server.close();
  await compressor.close();
  rmSync(folder, { recursive: true, force: true });
});
const link = (of = key) => signUrl(signingKey, base, of, { expiresInMs: 300_000, now: clock }).href;
/** Sends a target exactly as given; fetch would tidy it. */
const raw = (method: string, target: string): Promise<{ status: number; body: Buffer }> =>
  new Promise((resolve, reject) => {
    const { hostname, port } = new URL(base);
    httpRequest({ hostname, port, method, path: target }, async (response) =>
      resolve({ status: response.statusCode ?? 0, body: await buffer(response) }),
    )
      .on('error', reject)
      .end();
  });
const target = (url: string) => url.slice(base.length);

describe('a WAV file', () => {
  it('has the exact header of its samples', () => {
    const file = Buffer.from(encodeWav({ samples: Int16Array.of(1, -2, 3), sampleRate: 22_050 }));
    assert.equal(
      file.toString('hex'),
      '524946462a00000057415645666d7420100000000100010022560000' + '44ac00000200100064617461060000000100feff0300',
    );
    assert.deepEqual(decodeWav(file), { samples: Int16Array.of(1, -2, 3), sampleRate: 22_050 });
    assert.throws(() => decodeWav(file.subarray(0, 49)));
  });
});

describe('the blob store', () => {
  it('keeps to its folder: a key that is not one is refused everywhere', async () => {
    const bad = [
      '../x',
      '/etc/passwd',
      'a/../b',
      'a/./b',
      'a//b',
      'a',
      'a/b/',
      'a\\b/c',
      'a/b.wav.facts.json',
      'a/%2e%2e/b',
      'A/b',
      'a/\0b',
      'a/ü',
      '',
    ];
    for (const wrong of bad) {
      assert.equal(isBlobKey(wrong), false, wrong);
      await assert.rejects(store.put(wrong, wav, { contentType: 'audio/wav' }));
      await assert.rejects(store.get(wrong));
      await assert.rejects(store.signedUrl(wrong, { expiresInMs: 1, now: clock }));
    }
  });

  it('leaves nothing half written behind', async () => {
    await store.put('t/conversations/x.wav', wav, { contentType: 'audio/wav' });
    assert.deepEqual(readdirSync(join(folder, 't/conversations')).sort(), ['x.wav']);
    await store.delete('t/conversations/x.wav');
    await store.delete('t/conversations/x.wav');
    assert.equal(await store.info('t/conversations/x.wav'), null);
    assert.equal(await store.get('t/conversations/x.wav'), null);
  });

  it('notices bytes that are not those stored (L14)', async () => {
    await store.put('t/conversations/y.wav', wav, { contentType: 'audio/wav' });
    const file = join(folder, 't/conversations/y.wav');
    writeFileSync(file, readFileSync(file).fill(1, 100, 101));
    const damaged = await store.get('t/conversations/y.wav');
    assert.ok(damaged);
    await assert.rejects(buffer(damaged.body), /checksum/);
    appendFileSync(file, 'more');
    assert.equal((await fetch(link('t/conversations/y.wav'))).status, 500);
    faults.length = 0;
  });
});

describe('an audio link', () => {
  it('gives the whole file to a plain GET, from any site', async () => {
    const response = await fetch(link());
    assert.equal(response.status, 200);
    const { headers } = response;
    assert.equal(headers.get('content-type'), 'audio/wav');
    assert.equal(headers.get('content-length'), String(wav.length));
    assert.equal(headers.get('accept-ranges'), 'bytes');
    assert.equal(headers.get('cache-control'), 'private, max-age=300');
    assert.equal(headers.get('x-content-type-options'), 'nosniff');
    assert.equal(headers.get('cross-origin-resource-policy'), 'cross-origin');
    assert.equal(headers.get('access-control-allow-origin'), '*');
    assert.deepEqual(new Uint8Array(await response.arrayBuffer()), new Uint8Array(wav));
    assert.equal((await fetch(link(), { headers: { 'if-none-match': headers.get('etag') ?? '' } })).status, 304);
  });

  it('tells a HEAD the same without a body', async () => {
    const response = await fetch(link(), { method: 'HEAD' });
    assert.equal(response.status, 200);
    assert.equal(response.headers.get('content-length'), String(wav.length));
    assert.equal((await response.arrayBuffer()).byteLength, 0);
  });

  it('obeys byte ranges (RFC 9110, 14)', async () => {
    const size = wav.length;
    const etag = (await fetch(link(), { method: 'HEAD' })).headers.get('etag') ?? '';
    const cases: readonly (readonly [Record<string, string>, number, number, number])[] = [
      [{ range: 'bytes=0-99' }, 206, 0, 100],
      [{ range: 'bytes=100-' }, 206, 100, size],
      [{ range: 'bytes=-50' }, 206, size - 50, size],
      [{ range: 'bytes=-999999999' }, 206, 0, size],
      [{ range: `bytes=10-${size + 50}` }, 206, 10, size],
      [{ range: 'bytes=0-0' }, 206, 0, 1],
      [{ range: 'bytes=0-99', 'if-range': etag }, 206, 0, 100],
      [{ range: 'bytes=0-99', 'if-range': '"other"' }, 200, 0, size],
      [{ range: 'bytes=0-99', 'if-range': 'Thu, 01 Jan 2026 00:00:00 GMT' }, 200, 0, size],
      [{ range: 'bytes=0-1,5-6' }, 200, 0, size],
      [{ range: 'bytes=9-1' }, 200, 0, size],
      [{ range: 'bytes=-' }, 200, 0, size],
      [{ range: 'lines=0-1' }, 200, 0, size],
    ];
    for (const [headers, status, from, to] of cases) {
      const response = await fetch(link(), { headers });
      assert.equal(response.status, status, JSON.stringify(headers));
      assert.deepEqual(new Uint8Array(await response.arrayBuffer()), new Uint8Array(wav.subarray(from, to)));
      if (status === 206) assert.equal(response.headers.get('content-range'), `bytes ${from}-${to - 1}/${size}`);
    }
    for (const range of [`bytes=${size}-`, 'bytes=-0']) {
      const response = await fetch(link(), { headers: { range } });
      assert.equal(response.status, 416);
      assert.equal(response.headers.get('content-range'), `bytes */${size}`);
    }
  });

  it('is refused when edited, expired, of another key or method, all alike (I28)', async () => {
    const good = target(link());
    const swap = (text: string, from: string, to: string) => {
      assert.ok(text.includes(from));
      return text.replace(from, to);
    };
    const signature = new URL(link()).searchParams.get('signature') ?? '';
    const expires = new URL(link()).searchParams.get('expires') ?? '';
    const wrong = [
      swap(good, '0190a', '0190b'),
      swap(good, '/1.wav', '/2.wav'),
      swap(good, '.wav', '.mp3'),
      swap(good, `expires=${expires}`, `expires=${Number(expires) + 1}`),
      swap(good, `expires=${expires}`, `expires=0${expires}`),
      swap(good, signature, `${signature.slice(0, -1)}${signature.endsWith('A') ? 'B' : 'A'}`),
      swap(good, signature, signature.slice(1)),
      swap(good, signature, `${signature}%3D`),
      swap(good, '&signature', '&x=1&signature'),
      swap(good, '/audio/', '/audio/0190b/../'),
      swap(good, '/audio/', '/audio//'),
      swap(good, 'conversations', 'conversation%73'),
      good.slice(0, good.indexOf('?')),
      '/audio/../../etc/passwd?expires=1&signature=x',
      '/',
    ];
    for (const path of wrong) {
      const { status, body } = await raw('GET', path);
      assert.equal(status, 403, path);
      assert.deepEqual(JSON.parse(body.toString()), {
        errors: [{ message: 'This link is not valid, or no longer.', extensions: { code: 'FORBIDDEN' } }],
      });
    }
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH'])
      assert.equal((await raw(method, good)).status, 403, method);
    // The last character of a 32-byte signature has two spare bits: only one spelling counts.
    const last = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const twin = last.charAt(last.indexOf(signature.slice(-1)) ^ 1);
    assert.equal((await raw('GET', swap(good, signature, signature.slice(0, -1) + twin))).status, 403);
    clock = new Date(clock.getTime() + 300_000);
    assert.equal((await raw('GET', good)).status, 403);
    assert.equal((await raw('GET', target(link()))).status, 200);
  });

  it('answers 404 for audio that is gone, and lets a page ask first (CORS)', async () => {
    assert.equal((await fetch(link('0190a/conversations/c1/t1/9.wav'))).status, 404);
    assert.equal((await fetch(link('0190a/conversations/c1/t1/9.mp3'))).status, 404);
    const preflight = await fetch(link(), { method: 'OPTIONS' });
    assert.equal(preflight.status, 204);
    assert.equal(preflight.headers.get('access-control-allow-methods'), 'GET, HEAD');
  });

  it('gives the MP3 of the same audio, made once however many ask', async () => {
    const mp3 = link(key.replace('.wav', '.mp3'));
    const [first, second] = await Promise.all([fetch(mp3), fetch(mp3)]);
    assert.equal(first.headers.get('content-type'), 'audio/mpeg');
    const bytes = Buffer.from(await first.arrayBuffer());
    assert.deepEqual(bytes, Buffer.from(await second.arrayBuffer()));
    assert.ok(bytes.length < wav.length / 4);
    assert.equal(bytes.toString('latin1', 21, 25), 'Xing');
    assert.deepEqual(faults, []);
  });
});

const sox = (() => {
  try {
    return execFileSync('soxi', ['-V1', '-?'], { stdio: 'ignore' }) !== undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ENOENT';
  }
})();
describe('compressed audio', { skip: sox ? false : 'sox is not installed' }, () => {
  it('lasts as long as its WAV, within 60 ms, and is as loud', async () => {
    for (const ms of [90, 300, 1_000, 2_437, 5_003]) {
      for (const rate of [22_050, 16_000]) {
        const file = join(folder, 'tone');
        const source = encodeWav(tone(ms, rate));
        writeFileSync(`${file}.wav`, source);
        writeFileSync(`${file}.mp3`, await compressor.compress(source));
        const level = (of: string) =>
          Number(
            /RMS +amplitude: +([\d.]+)/.exec(
              execFileSync('sh', ['-c', `sox ${file}.${of} -n stat 2>&1`], { encoding: 'utf8' }),
            )?.[1],
          );
        if (ms > 500) assert.ok(Math.abs(level('mp3') / level('wav') - 1) < 0.1, `${level('mp3')} of ${level('wav')}`);
        const seconds = Number(execFileSync('soxi', ['-D', `${file}.mp3`], { encoding: 'utf8' }));
        assert.ok(Math.abs(seconds * 1_000 - ms) < 60, `${ms} ms became ${seconds * 1_000}`);
      }
    }
  });
});
