import assert from 'node:assert/strict';
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { after, before, describe, it } from 'node:test';
import { type BlobStore, isBlobKey } from './blobStore.ts';

export type OpenedStore = { readonly store: BlobStore; close(): Promise<void> };

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const wav = { contentType: 'audio/wav' };
/** Sends a target exactly as given; fetch would tidy it. */
const raw = (url: URL, method: string, target: string): Promise<number> =>
  new Promise((resolve, reject) => {
    httpRequest({ hostname: url.hostname, port: url.port, method, path: target }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode ?? 0));
    })
      .on('error', reject)
      .end();
  });

/** What every blob store does. */
export const blobStoreContract = (name: string, open: () => Promise<OpenedStore>): void => {
  describe(name, () => {
    let opened: OpenedStore;
    let store: BlobStore;
    const tenant: string = randomUUID();
    const newKey = (of = tenant) => `${of}/conversations/${randomUUID()}/${randomUUID()}.wav`;
    before(async () => {
      opened = await open();
      store = opened.store;
    });
    after(async () => {
      await store.deleteAll(tenant);
      await opened.close();
    });

    it('gives back what was put, with its type, size and checksum', async () => {
      for (const size of [0, 1, 44, 100_000, 3 * 2 ** 20]) {
        const [key, bytes] = [newKey(), randomBytes(size)];
        const expected = { size, contentType: 'audio/wav', checksum: sha256(bytes) };
        assert.deepEqual(await store.put(key, bytes, wav), expected);
        assert.deepEqual(await store.info(key), expected);
        const found = await store.get(key);
        assert.ok(found);
        const { body, ...info } = found;
        assert.deepEqual(info, expected);
        assert.ok((await buffer(body)).equals(bytes), `${size} bytes`);
      }
    });

    it('gives a range of an object, and the facts of the whole', async () => {
      const [key, bytes] = [newKey(), randomBytes(10_000)];
      const info = await store.put(key, bytes, wav);
      for (const range of [
        { start: 0, end: 0 },
        { start: 10, end: 99 },
        { start: 9_999, end: 9_999 },
        { start: 0, end: 9_999 },
      ]) {
        const found = await store.get(key, range);
        assert.ok(found);
        const { body, ...facts } = found;
        assert.deepEqual(facts, info);
        assert.ok((await buffer(body)).equals(bytes.subarray(range.start, range.end + 1)));
      }
    });

    it('says null of what is not there, and does not mind its deletion', async () => {
      const key = newKey();
      assert.equal(await store.get(key), null);
      assert.equal(await store.get(key, { start: 0, end: 1 }), null);
      assert.equal(await store.info(key), null);
      await store.delete(key);
      await store.put(key, randomBytes(10), wav);
      await store.delete(key);
      await store.delete(key);
      assert.equal(await store.info(key), null);
    });

    it('gives the old object or the whole new one while it is put again (L14)', async () => {
      const key = newKey();
      const versions = [randomBytes(200_000), randomBytes(300_000)];
      const known = new Set(versions.map((bytes) => sha256(bytes)));
      await store.put(key, versions[0] as Buffer, wav);
      let isWriting = true;
      const writing = (async () => {
        for (let at = 0; at < 20; at++) await store.put(key, versions[at % 2] as Buffer, wav);
      })().finally(() => {
        isWriting = false;
      });
      let seen = 0;
      for (; isWriting; seen++) {
        const found = await store.get(key);
        assert.ok(found && known.has(sha256(await buffer(found.body))));
      }
      await writing;
      assert.ok(seen > 0);
    });

    it('refuses what is no key, and keeps tenants apart (I28)', async () => {
      for (const wrong of ['../x', 'a', 'a/', 'a/../b', 'a//b', 'A/b', 'a/b c', 'a/ü', 'a/b.wav.tmp', '']) {
        assert.equal(isBlobKey(wrong), false, wrong);
        await assert.rejects(store.put(wrong, randomBytes(1), wav), wrong);
        await assert.rejects(store.get(wrong), wrong);
        await assert.rejects(store.info(wrong), wrong);
        await assert.rejects(store.delete(wrong), wrong);
        await assert.rejects(store.signedUrl(wrong, { expiresInMs: 1_000, now: new Date() }), wrong);
      }
      for (const wrong of ['', '..', 'a/b', '/']) await assert.rejects(store.deleteAll(wrong), wrong);
    });

    it('deletes everything of a tenant, more than a page of it, and nothing of another', async () => {
      const [gone, stays] = [`${tenant.slice(0, 20)}g`, `${tenant.slice(0, 20)}g2`];
      const [kept, lost] = [newKey(stays), Array.from({ length: 1_003 }, () => newKey(gone))];
      await store.put(kept, randomBytes(10), wav);
      for (let at = 0; at < lost.length; at += 50)
        await Promise.all(lost.slice(at, at + 50).map((key) => store.put(key, randomBytes(10), wav)));
      await store.deleteAll(gone);
      for (const key of [lost[0], lost[500], lost[1_002]]) assert.equal(await store.info(key ?? ''), null);
      assert.ok(await store.info(kept));
      await store.deleteAll(stays);
      await store.deleteAll(stays);
      assert.equal(await store.info(kept), null);
    });

    it('lists a tenant’s objects in the order of their names’ bytes, more than a page of them', async () => {
      const lister: string = randomUUID();
      const names = ['a.wav', 'a-b/c.wav', 'a/b.wav', 'a/b.mp3', 'a/b-c.wav', 'a0.wav', 'a/b/c', 'b_c'];
      const keys = names
        .map((name) => `${lister}/x/${name}`)
        .concat(Array.from({ length: 1_001 }, () => newKey(lister)));
      for (let at = 0; at < keys.length; at += 50)
        await Promise.all(keys.slice(at, at + 50).map((key) => store.put(key, randomBytes(7), wav)));
      const listed = [];
      for await (const { key, size, modifiedAt } of store.list(lister)) {
        assert.equal(size, 7);
        assert.ok(Math.abs(modifiedAt.getTime() - Date.now()) < 60_000);
        listed.push(key);
      }
      assert.deepEqual(listed, keys.sort());
      const tenants = [];
      for await (const each of store.tenants()) tenants.push(each);
      assert.ok(tenants.includes(lister) && !tenants.includes('x'));
      await store.deleteAll(lister);
      for await (const { key } of store.list(lister)) assert.fail(key);
    });

    it('gives a link to one object, whole or in part, to whoever holds it', async () => {
      const [key, bytes] = [newKey(), randomBytes(5_000)];
      await store.put(key, bytes, wav);
      const link = await store.signedUrl(key, { expiresInMs: 60_000, now: new Date() });
      const whole = await fetch(link, { headers: { origin: 'http://a.example' } });
      assert.equal(whole.status, 200);
      assert.equal(whole.headers.get('content-type'), 'audio/wav');
      assert.equal(whole.headers.get('access-control-allow-origin'), '*');
      assert.ok(Buffer.from(await whole.arrayBuffer()).equals(bytes));
      const part = await fetch(link, { headers: { range: 'bytes=100-199' } });
      assert.equal(part.status, 206);
      assert.equal(part.headers.get('content-range'), 'bytes 100-199/5000');
      assert.ok(Buffer.from(await part.arrayBuffer()).equals(bytes.subarray(100, 200)));
    });

    it('refuses a link that was edited, has expired, or is used otherwise (I28)', async () => {
      const [key, other] = [newKey(), newKey(randomUUID())];
      const info = await store.put(key, randomBytes(100), wav);
      await store.put(other, randomBytes(100), wav);
      const life = { expiresInMs: 60_000, now: new Date() };
      const link = await store.signedUrl(key, life);
      const target = `${link.pathname}${link.search}`;
      const swap = (from: string, to: string): string => {
        assert.ok(target.includes(from) && from !== to, `${from} in ${target}`);
        return target.replace(from, to);
      };
      assert.equal(await raw(link, 'GET', target), 200);
      const name = [...link.searchParams.keys()].find((each) => /signature$/i.test(each)) ?? '';
      const signature = link.searchParams.get(name) ?? '';
      const life_ = [...link.searchParams.keys()].find((each) => /expires$/i.test(each)) ?? '';
      const edited = [
        swap(key, other),
        swap(key, newKey()),
        swap('.wav', '.mp3'),
        swap(key, key.toUpperCase()),
        swap(`/${tenant}/`, `/${tenant}//`),
        swap(`${life_}=${link.searchParams.get(life_)}`, `${life_}=${Number(link.searchParams.get(life_)) + 1}`),
        swap(signature, `${signature[0] === '0' ? '1' : '0'}${signature.slice(1)}`),
        swap(`&${name}`, `&x=1&${name}`),
        `${target}&response-content-type=text%2Fhtml`,
        link.pathname,
      ];
      for (const wrong of edited) assert.equal(await raw(link, 'GET', wrong), 403, wrong);
      assert.notEqual(await raw(link, 'GET', swap(signature, '')), 200);
      for (const method of ['PUT', 'DELETE', 'PATCH', 'POST']) {
        const status = await raw(link, method, target);
        assert.ok(status === 403 || status === 405, `${method}: ${status}`);
      }
      assert.deepEqual(await store.info(key), info);
      const old = await store.signedUrl(key, { ...life, now: new Date(Date.now() - 61_000) });
      assert.equal(await raw(old, 'GET', `${old.pathname}${old.search}`), 403);
      await store.delete(other);
    });
  });
};
