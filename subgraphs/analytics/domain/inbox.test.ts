import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { factsOf, placeOf } from './inbox.ts';

describe('the inbox', () => {
  test('an event follows the last one, is a double of one before, or waits for one between', () => {
    assert.equal(placeOf(1, 0), 'NEXT');
    assert.equal(placeOf(8, 7), 'NEXT');
    assert.equal(placeOf(7, 7), 'DOUBLE');
    assert.equal(placeOf(1, 7), 'DOUBLE');
    assert.equal(placeOf(9, 7), 'AHEAD');
    assert.equal(placeOf(2, 0), 'AHEAD');
  });

  test('sealed personal text is not kept, however deep it lies', () => {
    const secret = { subjectId: 's', keyVersion: 1, ciphertext: 'c' };
    assert.deepEqual(factsOf({ a: 1, text: secret, list: [{ text: secret, b: null }] }), { a: 1, list: [{ b: null }] });
  });

  test('what PostgreSQL cannot hold is taken out', () => {
    assert.deepEqual(factsOf({ 'k\0ey': 'nul\0l', lone: 'a\ud800b' }), { key: 'null', lone: 'a\ufffdb' });
    assert.ok(Object.is((factsOf({ zero: -0 }) as { zero: number }).zero, 0));
  });
});
