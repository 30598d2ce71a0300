import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { admin } from '../fixture/actors.ts';
import { memoryAnswerStore } from './answerStore.ts';
import { admitted, cachingGateway, callBy } from './cachedRuns.fixture.ts';

describe('answers that may be kept', () => {
  let now = 1_000_000;
  let gateway: ReturnType<typeof cachingGateway>;
  beforeEach(() => {
    now = 1_000_000;
    gateway = cachingGateway(memoryAnswerStore(100_000), { now: () => now });
  });

  test('are made once and given again, byte for byte', async () => {
    assert.equal(await gateway.ask(admitted(), callBy()), '{"data":1}');
    assert.equal(await gateway.ask(admitted(), callBy()), '{"data":1}');
    assert.deepEqual(gateway.outcomes, ['miss', 'hit']);
  });

  test('I26: are never given across organizations, rights, variables, operations, headers or supergraphs', async () => {
    const variants = [
      [admitted(), callBy()],
      [admitted(), callBy({ tenantId: 'another' })],
      [admitted(), callBy({ role: 'ANALYST' })],
      [admitted(), callBy({ scopes: ['analytics:read'] })],
      [admitted(), callBy({ policies: ['p'] })],
      [admitted(), callBy({ partnerId: 'partner' })],
      [admitted(), callBy({ kind: 'VISITOR', conversationId: 'c' })],
      [admitted({ variables: { first: 1 } }), callBy()],
      [admitted({ shape: 'other' }), callBy()],
      [admitted({ fingerprint: 'other' }), callBy()],
      [admitted(), callBy({}, { headers: { 'accept-language': 'es' } })],
    ] as const;
    for (const [index, given] of variants.entries()) assert.equal(await gateway.ask(...given), `{"data":${index + 1}}`);
    for (const [index, given] of variants.entries()) assert.equal(await gateway.ask(...given), `{"data":${index + 1}}`);
  });

  test('are shared by those of equal rights, unless PRIVATE', async () => {
    await gateway.ask(admitted(), callBy({ id: 'one' }));
    assert.equal(await gateway.ask(admitted(), callBy({ id: 'two', scopes: admin.scopes.toReversed() })), '{"data":1}');
    const mine = admitted({ shape: 'mine', caching: { maxAgeSeconds: 60, isPrivate: true } });
    assert.equal(await gateway.ask(mine, callBy({ id: 'one' })), '{"data":2}');
    assert.equal(await gateway.ask(mine, callBy({ id: 'two' })), '{"data":3}');
    assert.equal(await gateway.ask(mine, callBy({ id: 'one' })), '{"data":2}');
  });

  test('who has changed something reads what is newer, and so does everybody from then on', async () => {
    await gateway.ask(admitted(), callBy({ id: 'one' }));
    await gateway.ask(admitted({ kind: 'mutation' }), callBy({ id: 'one' }));
    assert.equal(await gateway.ask(admitted(), callBy({ id: 'two' })), '{"data":1}');
    now += 2000;
    assert.equal(await gateway.ask(admitted(), callBy({ id: 'one' })), '{"data":3}');
    assert.equal(await gateway.ask(admitted(), callBy({ id: 'one' })), '{"data":3}');
    assert.equal(await gateway.ask(admitted(), callBy({ id: 'two' })), '{"data":3}');
  });

  test('a mutation that fails may have changed something all the same', async () => {
    await gateway.ask(admitted(), callBy());
    gateway.make = async () => {
      throw new Error('the connection broke off');
    };
    await assert.rejects(gateway.ask(admitted({ kind: 'mutation' }), callBy()));
    gateway.make = async (n) => ({ json: Buffer.from(`{"data":${n}}`), answer: null });
    now += 2000;
    assert.equal(await gateway.ask(admitted(), callBy()), '{"data":3}');
  });

  test('L13: a hundred who come at once wait for one run', async () => {
    const answers = await Promise.all(Array.from({ length: 100 }, () => gateway.ask(admitted(), callBy())));
    assert.deepEqual(new Set(answers), new Set(['{"data":1}']));
    assert.equal(gateway.runs, 1);
  });

  test('whoever leaves does not take the answer along', async () => {
    const gone = new AbortController();
    const first = gateway.ask(admitted(), callBy({}, { signal: gone.signal }));
    const second = gateway.ask(admitted(), callBy());
    gone.abort(new Error('the client is gone'));
    await assert.rejects(first, /the client is gone/);
    assert.equal(await second, '{"data":1}');
    assert.equal(gateway.runs, 1);
  });

  test('with errors are not kept, nor those that are too large, nor what failed', async () => {
    const errors = [{ message: 'no' }];
    gateway.make = async () => ({ json: Buffer.from('{"errors":[]}'), answer: { data: null, errors } });
    await gateway.ask(admitted(), callBy());
    gateway.make = async () => ({ json: Buffer.alloc(1001, ' '), answer: null });
    await gateway.ask(admitted(), callBy());
    gateway.make = async () => {
      throw new Error('broken');
    };
    await assert.rejects(gateway.ask(admitted(), callBy()), /broken/);
    gateway.make = async (n) => ({ json: Buffer.from(`{"data":${n}}`), answer: null });
    assert.equal(await gateway.ask(admitted(), callBy()), '{"data":4}');
    assert.deepEqual(gateway.outcomes, ['refused', 'refused', 'miss']);
  });

  test('nobody in particular, what may not be kept, and what must be fresh are run each time', async () => {
    for (const [operation, call] of [
      [admitted(), callBy({}, { actor: null })],
      [admitted({ caching: null }), callBy()],
      [admitted(), callBy({}, { fresh: true })],
    ] as const) {
      const before = gateway.runs;
      await gateway.ask(operation, call);
      await gateway.ask(operation, call);
      assert.equal(gateway.runs, before + 2);
    }
    assert.deepEqual(gateway.outcomes, []);
  });

  test('end with their time, and with the room there is', async () => {
    const real = cachingGateway(memoryAnswerStore(1000));
    const brief = admitted({ caching: { maxAgeSeconds: 0.02, isPrivate: false } });
    await real.ask(brief, callBy());
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.equal(await real.ask(brief, callBy()), '{"data":2}');
    for (let n = 0; n < 50; n++) await real.ask(admitted({ variables: { n } }), callBy());
    assert.equal(await real.ask(admitted({ variables: { n: 0 } }), callBy()), '{"data":53}');
  });
});
