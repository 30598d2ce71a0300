import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { deltasOf } from './replyParts.ts';

describe('deltasOf', () => {
  test('joined, the deltas are the text', () => {
    for (const text of [
      'One.',
      'One two three four five six',
      '  Leading.  And   runs of\n\nspace. ',
      '…',
      'x'.repeat(5000),
      '¿Sí? Claro.',
    ]) {
      assert.equal(deltasOf(text).join(''), text);
      assert.ok(deltasOf(text).every((delta) => delta !== ''));
    }
    assert.deepEqual(deltasOf(''), []);
  });

  test('a short first sentence comes whole, the rest four words at a time', () => {
    assert.deepEqual(deltasOf('Happy to help! The Basic plan costs €29.50 per month, billed yearly.'), [
      'Happy to help! ',
      'The Basic plan costs ',
      '€29.50 per month, billed ',
      'yearly.',
    ]);
  });

  test('a long first sentence does not wait for its end', () => {
    const [first] = deltasOf(`${'word '.repeat(40)}end. Next.`);
    assert.equal(first, 'word word word word ');
  });
});
