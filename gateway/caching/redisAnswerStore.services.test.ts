import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { type FaultyLink, openLink } from '../../test/testkit/faultyLink.ts';
import { silentLog } from '../log.ts';
import type { AnswerStore } from './answerStore.ts';
import { admitted, cachingGateway, callBy } from './cachedRuns.fixture.ts';
import { redisAnswerStore } from './redisAnswerStore.ts';

describe('answers kept in Redis', () => {
  const target = new URL(process.env['REDIS_URL'] ?? '');
  let link: FaultyLink;
  const stores: AnswerStore[] = [];
  let away = 0;
  /** Another gateway, behind the link. */
  const open = async (options = {}) => {
    const led = new URL(target);
    led.port = String(link.port);
    const store = redisAnswerStore(led.toString(), silentLog, () => {
      away += 1;
    });
    stores.push(store);
    const [key, writer] = [`ready:${randomUUID()}`, 'nobody'];
    for (let tries = 0; tries < 100 && (await store.find(key, writer)).stored === null; tries++) {
      await store.keep(key, { json: Buffer.from('x'), begunAt: 1 }, 1000);
      await delay(10);
    }
    return cachingGateway(store, options);
  };
  before(async () => {
    link = await openLink(() => ({ port: Number(target.port) }));
  });
  after(async () => {
    for (const store of stores) store.close();
    await link.close();
  });
  const anew = (caching = { maxAgeSeconds: 60, isPrivate: false }) => admitted({ shape: randomUUID(), caching });

  test('are shared by gateways, and made once by all of them (L13)', async () => {
    const gateways = [await open({ tookMs: 200 }), await open({ tookMs: 200 })];
    const query = anew();
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, n) => gateways[n % 2]?.ask(query, callBy({ id: `${n}` }))),
    );
    assert.deepEqual(new Set(answers), new Set(['{"data":1}']));
    assert.equal((gateways[0]?.runs ?? 0) + (gateways[1]?.runs ?? 0), 1);
  });

  test('a gateway that dies while it makes an answer is followed by another', async () => {
    const query = anew();
    const gateway = await open();
    // As somebody holds it who will never answer.
    const dead = await open({ tookMs: 60_000 });
    dead.ask(query, callBy()).catch(() => {});
    await delay(100);
    assert.equal(await gateway.ask(query, callBy()), '{"data":1}');
  });

  test('I26: of another organization they are not found, whoever looks', async () => {
    const [here, there] = [await open(), await open()];
    const query = anew();
    await here.ask(query, callBy());
    there.runs = 10;
    assert.equal(await there.ask(query, callBy({ tenantId: randomUUID() })), '{"data":11}');
    assert.equal(await there.ask(query, callBy()), '{"data":1}');
    const raw = new Redis(target.toString());
    const keys = await raw.keys('parley:cache:*');
    raw.disconnect();
    for (const key of keys.filter((name) => !/:(lead|wrote|ready):/.test(name)))
      assert.match(key, /^parley:cache:[^:]+:[A-Za-z0-9_-]{43}$/);
  });

  test('what a caller has changed at one gateway it reads at another', async () => {
    const [here, there] = [await open(), await open()];
    const query = anew();
    await here.ask(query, callBy({ id: 'writer' }));
    await here.ask(admitted({ kind: 'mutation' }), callBy({ id: 'writer' }));
    there.runs = 10;
    assert.equal(await there.ask(query, callBy({ id: 'writer' })), '{"data":11}');
  });

  test('L11: away or silent, every query is run, none waits long, and it is used again once it is back', async () => {
    const gateway = await open();
    const query = anew();
    await gateway.ask(query, callBy());
    for (const kind of ['cut', 'silent'] as const) {
      link.set({ kind });
      const [before, failures] = [gateway.runs, away];
      const began = performance.now();
      for (let n = 0; n < 20; n++) await gateway.ask(query, callBy());
      assert.equal(gateway.runs, before + 20);
      assert.ok(away > failures);
      assert.ok(performance.now() - began < 2000, 'it was waited for each time');
      await gateway.ask(admitted({ kind: 'mutation' }), callBy({ id: 'other' }));
      link.set({ kind: 'none' });
      for (const until = Date.now() + 10_000; gateway.outcomes.at(-1) !== 'hit'; await delay(100)) {
        assert.ok(Date.now() < until, 'it was not used again');
        await gateway.ask(query, callBy());
      }
    }
  });

  test('what is there and is no answer of ours is passed by', async () => {
    const gateway = await open();
    const query = anew();
    await gateway.ask(query, callBy());
    const raw = new Redis(target.toString());
    for (const key of await raw.keys('parley:cache:*')) if (!/:(lead|wrote|ready):/.test(key)) await raw.set(key, 'x');
    raw.disconnect();
    assert.equal(await gateway.ask(query, callBy()), '{"data":2}');
  });
});
