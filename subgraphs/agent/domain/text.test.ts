import assert from 'node:assert/strict';
import { test } from 'node:test';
import { normalise, stem, terms, tokenise } from './text.ts';

test('a price is one token whatever its separators, a currency sign another', () => {
  assert.deepEqual(
    tokenise('1.299,50 € or $1,299.50').map(({ word }) => word),
    ['1.299,50', 'euro', 'or', 'dollar', '1,299.50'],
  );
});

test('Spanish typed without accents gets the stem of the accented word', () => {
  assert.equal(stem('instalacion', 'es'), stem('instalación'.normalize('NFD').replace(/\p{M}/gu, ''), 'es'));
  assert.equal(stem('instalacion', 'es'), stem('instalaciones', 'es'));
});

test('stopwords go, word forms meet', () => {
  assert.deepEqual(terms('What are the prices of your integrations?', 'en'), terms('price integration', 'en'));
});

test('compatibility forms and white space are made one', () => {
  assert.equal(normalise(' ﬁve\u00a0\n９９ '), 'five 99');
});
