import assert from 'node:assert/strict';
import { test } from 'node:test';
import { splitPassages } from './passages.ts';

test('passages stay near 500 characters and lose no word', () => {
  const text = Array.from({ length: 60 }, (_, i) => `Sentence number ${i} says something about the service.`).join(' ');
  const passages = splitPassages(text);
  assert.ok(passages.every((passage) => passage.length <= 560));
  assert.equal(passages.join(' '), text);
});

test('a price is never parted from the name it leans on', () => {
  const filler = 'This is a sentence about the company and its long history. '.repeat(7);
  const text = `${filler}Pro is our best plan. It costs 1.299,50 € a month. ${filler}`;
  const holding = splitPassages(text).filter((passage) => passage.includes('1.299,50 €'));
  assert.equal(holding.length, 1);
  assert.match(holding[0] ?? '', /Pro is our best plan\. It costs 1\.299,50 €/);
});

test('every passage of a section carries its heading, every row its header', () => {
  const rows = Array.from({ length: 40 }, (_, i) => `| Model ${i} | ${i + 100} € |`).join('\n');
  const passages = splitPassages(`## Routers\n\n| Name | Price |\n|---|---|\n${rows}`);
  assert.ok(passages.length > 1);
  for (const passage of passages) assert.match(passage, /^Routers\n\| Name \| Price \|\n\| Model/);
});

test('a text without spaces, and an empty one, are dealt with', () => {
  assert.deepEqual(splitPassages(' \n '), []);
  assert.ok(splitPassages('x'.repeat(8_000)).every((passage) => passage.length <= 500));
});
