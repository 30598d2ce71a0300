import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sentimentOf } from './sentiment.ts';

test('opinion words give the sign, negation turns it', () => {
  assert.ok(sentimentOf('this is great, thank you', 'en') > 0.3);
  assert.ok(sentimentOf('that is not good', 'en') < 0);
  assert.ok(sentimentOf('es un servicio pésimo y muy caro', 'es') < -0.3);
  assert.ok(sentimentOf('no está mal', 'es') > 0);
  assert.equal(sentimentOf('the box is on the table', 'en'), 0);
});

test('it stays within -1..1', () => {
  assert.ok(sentimentOf('terrible '.repeat(1_000), 'en') >= -1);
});
