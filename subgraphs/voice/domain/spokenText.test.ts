import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { spokenText } from './spokenText.ts';

const chunks = [
  {
    text: 'Sure — I can.',
    words: [
      { text: 'Sure', startMs: 0, endMs: 400 },
      { text: 'I', startMs: 400, endMs: 600 },
      { text: 'can.', startMs: 600, endMs: 1_000 },
    ],
  },
  { text: 'Lost.', words: [] },
  {
    text: 'Yes, yes.',
    words: [
      { text: 'Yes,', startMs: 1_000, endMs: 1_400 },
      { text: 'yes.', startMs: 1_400, endMs: 1_800 },
    ],
  },
];
const withoutLost = chunks.filter(({ words }) => words.length > 0);

describe('what was heard before a barge-in (F17)', () => {
  for (const [playedMs, heard] of [
    [0, ''],
    [100, ''],
    [250, 'Sure'],
    [550, 'Sure — I'],
    [999, 'Sure — I can.'],
    [1_250, 'Sure — I can. Yes,'],
    [99_999, 'Sure — I can. Yes, yes.'],
  ] as const) {
    it(`at ${playedMs} ms is ${JSON.stringify(heard)}`, () => assert.equal(spokenText(withoutLost, playedMs), heard));
  }

  it('stops at a sentence that has no words', () => assert.equal(spokenText(chunks, 99_999), 'Sure — I can.'));
});
