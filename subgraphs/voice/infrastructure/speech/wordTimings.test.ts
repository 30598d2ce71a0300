import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { estimatedTimings, wordTimings } from './wordTimings.ts';

describe('word timings', () => {
  it('are the words of the text, each ending where the next starts', () => {
    const events = [
      { index: 0, ms: 0 },
      { index: 7, ms: 300 },
    ];
    assert.deepEqual(wordTimings('Hello, world!', events, 700), [
      { text: 'Hello,', startMs: 0, endMs: 300 },
      { text: 'world!', startMs: 300, endMs: 700 },
    ]);
  });

  it('take the first of the several events an expanded number has', () => {
    const words = wordTimings(
      'in 1999 now',
      [0, 3, 4, 4, 8].map((index, at) => ({ index, ms: at * 100 })),
      600,
    );
    assert.deepEqual(
      words.map(({ text, startMs }) => [text, startMs]),
      [
        ['in', 0],
        ['1999', 100],
        ['now', 400],
      ],
    );
  });

  it('share the time between neighbours among words the engine merged', () => {
    const words = wordTimings(
      'In the year',
      [
        { index: 0, ms: 0 },
        { index: 7, ms: 210 },
      ],
      500,
    );
    assert.deepEqual(words, [
      { text: 'In', startMs: 0, endMs: 90 },
      { text: 'the', startMs: 90, endMs: 210 },
      { text: 'year', startMs: 210, endMs: 500 },
    ]);
  });

  it('never run backwards nor past the end, whatever the engine says', () => {
    const words = wordTimings(
      'a b c d',
      [
        { index: 0, ms: 50 },
        { index: 2, ms: 900 },
        { index: 4, ms: 100 },
        { index: 99, ms: 10 },
      ],
      400,
    );
    let before = 0;
    for (const { startMs, endMs } of words) {
      assert.ok(startMs >= before && endMs >= startMs && endMs <= 400);
      before = endMs;
    }
    assert.equal(words.at(-1)?.endMs, 400);
  });

  it('leave out what is not spoken, and nothing else', () => {
    assert.deepEqual(
      estimatedTimings('Yes — 50 % & more 🙂 …', 1_000).map(({ text }) => text),
      ['Yes', '50', '%', '&', 'more'],
    );
    assert.deepEqual(wordTimings('…', [{ index: 0, ms: 0 }], 10), []);
  });
});
