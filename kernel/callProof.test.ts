import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createCallVerifier, signCall } from './callProof.ts';
import { createNonceMemory } from './nonceMemory.ts';

const old = { signs: 'the old secret, of thirty-two bytes', accepts: null };
const fresh = { signs: 'the new secret, of thirty-two bytes', accepts: null };
const call = { audience: 'sales', method: 'POST', path: '/graphql', requestId: 'r-1', actor: null };
const now = 1_900_000_000_000;
const verifierOf = (secrets: typeof old | { signs: string; accepts: string | null }, at = now, audience = 'sales') =>
  createCallVerifier(secrets, audience, createNonceMemory(), () => at);

describe('a signed call', () => {
  test('is proven, with its actor, and its answer with it', () => {
    const signed = signCall(old, call, 'body', now);
    const proven = verifierOf(old)(signed.proof, 'POST', '/graphql');
    assert.ok(typeof proven === 'object');
    assert.equal(proven.actor, null);
    assert.ok(proven.isBody('body'));
    assert.ok(!proven.isBody('bodY'));
    const answer = Buffer.from('{"data":{}}');
    const signature = proven.signAnswer(200, answer);
    assert.ok(signed.isAnswer(signature, 200, answer));
    assert.ok(!signed.isAnswer(signature, 500, answer));
    assert.ok(!signed.isAnswer(undefined, 200, answer));
    // Another call's answer is not this one's.
    assert.ok(!signCall(old, call, 'body', now).isAnswer(signature, 200, answer));
  });

  test('D18: an answer with one bit turned is not its answer', () => {
    const signed = signCall(old, call, 'body', now);
    const proven = verifierOf(old)(signed.proof, 'POST', '/graphql');
    assert.ok(typeof proven === 'object');
    const answer = Buffer.from('{"data":{"price":49}}');
    const signature = proven.signAnswer(200, answer);
    for (let bit = 0; bit < answer.length * 8; bit++) {
      const turned = Buffer.from(answer);
      turned[bit >> 3] = (turned[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      assert.ok(!signed.isAnswer(signature, 200, turned));
    }
  });

  test('C11: is good for half a minute, and once', () => {
    const { proof } = signCall(old, call, 'body', now);
    assert.equal(verifierOf(old, now + 30_001)(proof, 'POST', '/graphql'), 'expired');
    assert.equal(verifierOf(old, now - 30_001)(proof, 'POST', '/graphql'), 'expired');
    const verify = verifierOf(old, now + 29_000);
    assert.ok(typeof verify(proof, 'POST', '/graphql') === 'object');
    assert.equal(verify(proof, 'POST', '/graphql'), 'replayed');
  });

  test('C12: covers the actor, the request, the method, the path and whom it is for', () => {
    const { proof } = signCall(old, call, 'body', now);
    const other = signCall(old, { ...call, actor: { tenantId: 'other' } as never }, 'body', now).proof;
    const verify = verifierOf(old);
    assert.equal(verify({ ...proof, 'parley-actor': other['parley-actor'] }, 'POST', '/graphql'), 'wrong');
    assert.equal(verify({ ...proof, 'x-request-id': 'r-2' }, 'POST', '/graphql'), 'wrong');
    assert.equal(verify(proof, 'GET', '/graphql'), 'wrong');
    assert.equal(verify(proof, 'POST', '/events'), 'wrong');
    assert.equal(verifierOf(old, now, 'voice')(proof, 'POST', '/graphql'), 'wrong');
    for (let part = 0; part < 5; part++) {
      const parts = proof['parley-proof'].split('.');
      parts[part] = `${parts[part]}`.replace(/.$/, (last) => (last === '1' ? '2' : '1'));
      assert.equal(verify({ ...proof, 'parley-proof': parts.join('.') }, 'POST', '/graphql'), 'wrong');
    }
  });

  test('anything else is refused, whatever it is', () => {
    const { proof } = signCall(old, call, 'body', now);
    const verify = verifierOf(old);
    assert.equal(verify({}, 'POST', '/graphql'), 'missing');
    assert.equal(verify({ ...proof, 'parley-proof': ['a', 'b'] }, 'POST', '/graphql'), 'missing');
    for (const text of ['', 'v1', 'v2.1.2.3.4', `${proof['parley-proof']}.more`, 'v1....', `v1.${'é'.repeat(50)}`])
      assert.equal(verify({ ...proof, 'parley-proof': text }, 'POST', '/graphql'), 'wrong');
    const [version, time, nonce, digest] = proof['parley-proof'].split('.');
    const odd = [version, time, nonce, digest, 'é'.repeat(43)].join('.');
    assert.equal(verify({ ...proof, 'parley-proof': odd }, 'POST', '/graphql'), 'wrong');
  });

  test('secrets change without a call refused: accepted everywhere, then signing, then the old one dropped', () => {
    const steps = [old, { signs: old.signs, accepts: fresh.signs }, { signs: fresh.signs, accepts: old.signs }, fresh];
    for (const [step, caller] of steps.entries())
      for (const called of steps.slice(Math.max(0, step - 1), step + 2)) {
        const signed = signCall(caller, call, 'body', now);
        const proven = verifierOf(called)(signed.proof, 'POST', '/graphql');
        assert.ok(typeof proven === 'object');
        assert.ok(signed.isAnswer(proven.signAnswer(200, 'x'), 200, Buffer.from('x')));
      }
    assert.equal(verifierOf(fresh)(signCall(old, call, 'body', now).proof, 'POST', '/graphql'), 'wrong');
  });
});

describe('the memory of nonces', () => {
  test('forgets what has expired, and stays within its bound', () => {
    const memory = createNonceMemory(3);
    assert.ok(memory.isFirst('a', 100, 0));
    assert.ok(!memory.isFirst('a', 100, 50));
    assert.ok(memory.isFirst('b', 110, 0));
    assert.ok(memory.isFirst('c', 120, 0));
    assert.ok(memory.isFirst('d', 300, 115));
    assert.ok(!memory.isFirst('c', 120, 115));
  });

  test('C11: full, it refuses what it can no longer tell from a replay', () => {
    const memory = createNonceMemory(2);
    for (const [nonce, expiry] of [
      ['a', 100],
      ['b', 110],
      ['c', 120],
      ['d', 130],
    ] as const)
      assert.ok(memory.isFirst(nonce, expiry, 0));
    for (const [nonce, expiry] of [
      ['a', 100],
      ['b', 110],
      ['late', 105],
    ] as const)
      assert.ok(!memory.isFirst(nonce, expiry, 0));
    assert.ok(memory.isFirst('e', 140, 0));
  });
});
