import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { playableUrl } from './playableUrl.ts';
import { spokenRange } from './spokenRange.ts';

const words = (...texts: string[]) =>
  texts.map((text, index) => ({ text, startMs: index * 100, endMs: index * 100 + 90 }));
const at = (text: string, said: ReturnType<typeof words>, positionMs: number): string => {
  const { from, to } = spokenRange(text, said, positionMs);
  return text.slice(from, to);
};

describe('spokenRange', () => {
  test('is the word the voice is at', () => {
    assert.equal(at('It costs 79 euros.', words('It', 'costs', '79', 'euros'), 150), 'costs');
  });
  test('tells two words that look the same apart', () => {
    const text = 'the plan and the team';
    assert.deepEqual(spokenRange(text, words('the', 'plan', 'and', 'the'), 310), { from: 13, to: 16 });
  });
  test('passes over a word that is said otherwise than written', () => {
    assert.equal(
      at('It costs 79 € a month', words('It', 'costs', 'seventy-nine', 'euros', 'a', 'month'), 250),
      'costs',
    );
    assert.equal(
      at('It costs 79 € a month', words('It', 'costs', 'seventy-nine', 'euros', 'a', 'month'), 550),
      'month',
    );
  });
  test('is nothing before the first word', () => {
    assert.deepEqual(spokenRange('It', [{ text: 'It', startMs: 50, endMs: 90 }], 10), { from: 0, to: 0 });
  });
});

describe('playableUrl', () => {
  test("is this page's own name of the same machine", () => {
    assert.equal(
      playableUrl('http://127.0.0.1:4000/audio/a?s=1', 'http://localhost:4000'),
      'http://localhost:4000/audio/a?s=1',
    );
  });
  test('leaves any other address as it is', () => {
    const url = 'https://bucket.example/a.wav?s=1';
    assert.equal(playableUrl(url, 'https://parley.example'), url);
    assert.equal(playableUrl('http://127.0.0.1:9000/a', 'http://localhost:4000'), 'http://127.0.0.1:9000/a');
  });
});
