import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createBm25Index } from './bm25.ts';

const index = createBm25Index<string>('en');
for (const text of ['Refunds are paid within five days', 'Pro costs 49 euros', 'Pro and Starter include support'])
  index.add(text, text);

test('the passage that says more of the query, in fewer words, comes first', () => {
  assert.equal(index.search('how much does pro cost', 2)[0]?.passage, 'Pro costs 49 euros');
});

test('scores follow the formula', () => {
  // one term in 1 of 3 documents, once, in a document of length 5 (average 13 / 3)
  const idf = Math.log(1 + 2.5 / 1.5);
  const expected = (idf * 2.2) / (1 + 1.2 * (0.25 + (0.75 * 5) / (13 / 3)));
  assert.ok(Math.abs((index.search('refund', 1)[0]?.score ?? 0) - expected) < 1e-9);
});

test('nothing in common finds nothing, and an empty index answers', () => {
  assert.deepEqual(index.search('zebra the of', 5), []);
  assert.deepEqual(createBm25Index('es').search('precio', 5), []);
});
