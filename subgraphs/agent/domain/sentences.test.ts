import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sentencesOf } from './sentences.ts';

test('a run of full stops that ends nothing is one sentence, however long', () => {
  for (const stop of ['.', '!', '…']) assert.equal(sentencesOf(stop.repeat(480_000)).length, 1);
});

test('decimals and abbreviations end no sentence, an ellipsis does', () => {
  assert.deepEqual(sentencesOf('It costs 3.5 euros. Ask Dr. Lee... Then call.'), [
    'It costs 3.5 euros.',
    'Ask Dr. Lee...',
    'Then call.',
  ]);
});
