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

test('a heading of any length is said in full once and repeated in short', () => {
  const heading = Array.from({ length: 5_000 }, (_, i) => `word${i}`).join(' ');
  const body = Array.from({ length: 20_000 }, (_, i) => `Sentence ${i} of the body.`).join(' ');
  const passages = splitPassages(`# ${heading}\n\n${body}`);
  assert.ok(passages.every((passage) => passage.length <= 640));
  const together = passages.join(' ');
  assert.ok(together.includes('word4999') && together.includes('Sentence 19999 of the body.'));
  assert.ok(passages.every((passage) => passage.startsWith('word0 word1 ')));
  const unbroken = splitPassages(`# ${'😀'.repeat(5_000)}\n\n${body}`);
  assert.ok(unbroken.every((passage) => passage.length <= 1_250 && passage.isWellFormed()));
});

test('a table header of any length does not grow with its rows', () => {
  const header = `| Name | ${'long '.repeat(20_000)}|`;
  const passages = splitPassages(`${header}\n|---|---|\n${'| a | b |\n'.repeat(5_000)}`);
  assert.ok(passages.join('').length < 4_000_000);
});

test('a document of only headings, lead lines or a table header is found too', () => {
  assert.deepEqual(splitPassages('# Opening hours\n\n## Closed on Mondays\n'), ['Opening hours\nClosed on Mondays']);
  assert.deepEqual(splitPassages('Our plans:\nOur prices:'), ['Our plans:\nOur prices:']);
  assert.deepEqual(splitPassages('a:\n'.repeat(3)), ['a:\na:\na:']);
  assert.deepEqual(splitPassages('| Plan | Price |\n|---|---|'), ['| Plan | Price |']);
  const many = Array.from({ length: 300 }, (_, i) => `## Heading number ${i}`).join('\n');
  const passages = splitPassages(many);
  assert.ok(passages.length > 5 && passages.every((passage) => passage.length <= 560));
  assert.ok(passages.at(-1)?.endsWith('Heading number 299'));
});
