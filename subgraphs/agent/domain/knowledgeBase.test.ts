import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Refusal } from '@parley/kernel/refusal';
import {
  checkDocument,
  checkKnowledgeBaseName,
  languageOfText,
  maxDocumentBytes,
  passagesOf,
} from './knowledgeBase.ts';

const pathsOf = (title: string, text: string): string[] => {
  try {
    checkDocument({ title, text });
    return [];
  } catch (error) {
    if (error instanceof Refusal && error.code === 'INVALID_INPUT')
      return error.issues.map(({ path }) => path.join('.'));
    throw error;
  }
};

describe('knowledge documents', () => {
  test('a text is measured in bytes, up to a million', () => {
    assert.equal(checkDocument({ title: 'x', text: '29 €' }).bytes, 6);
    assert.deepEqual(pathsOf('x', 'x'.repeat(maxDocumentBytes)), []);
    assert.deepEqual(pathsOf('x', `é${'x'.repeat(maxDocumentBytes - 1)}`), ['text']);
  });

  test('tabs and line breaks are text; other control characters and broken Unicode are not', () => {
    assert.deepEqual(pathsOf('Prices', 'a\tb\r\nc\n'), []);
    for (const text of ['', ' \n', 'a\u0000', 'a\u001b[31m', 'a\u0085', 'a\u007f', '\ud800'])
      assert.deepEqual(pathsOf('x', text), ['text'], JSON.stringify(text));
    for (const title of ['', 'a\nb', 'x'.repeat(301)])
      assert.deepEqual(pathsOf(title, 'x'), ['title'], JSON.stringify(title));
    assert.deepEqual(pathsOf('', ''), ['title', 'text']);
  });

  test('a long heading over many items does not multiply into gigabytes', () => {
    const passages = passagesOf(`# ${'x '.repeat(100_000)}\n${'- item\n'.repeat(60_000)}`);
    assert.ok(passages.join('').length < 2_000_000);
    const rows = passagesOf(`# ${'x '.repeat(100)}\n| ${'y '.repeat(100_000)}|\n|---|\n${'| z |\n'.repeat(60_000)}`);
    assert.ok(rows.join('').length < 4_000_000);
    assert.equal(passagesOf('# Prices\n\nThe Basic plan costs €29 per month.').length, 1);
  });

  test('the language is told by the small words', () => {
    assert.equal(languageOfText('The plan costs 29 euros and is billed by the month.'), 'en');
    assert.equal(languageOfText('El plan cuesta 29 euros y se factura por meses.'), 'es');
    assert.equal(languageOfText('29 €'), 'en');
    assert.equal(languageOfText(''), 'en');
  });

  test('a knowledge base has a name', () => {
    checkKnowledgeBaseName('Prices');
    assert.throws(() => checkKnowledgeBaseName(' '), Refusal);
  });
});
