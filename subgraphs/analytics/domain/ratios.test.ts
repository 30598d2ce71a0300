import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { conversionRate, talkRatio } from './ratios.ts';

describe('ratios', () => {
  test('talk ratio: 15 s of agent audio and 30 typed words (12 s at 150 words a minute) is 15/27', () => {
    assert.equal(talkRatio(15_000, 30), 15 / 27);
  });
  test('talk ratio of silence is null, of a customer alone 0, of an agent alone 1', () => {
    assert.equal(talkRatio(0, 0), null);
    assert.equal(talkRatio(0, 3), 0);
    assert.equal(talkRatio(500, 0), 1);
  });
  test('conversion rate counts what has ended only', () => {
    assert.equal(conversionRate(1, 4), 0.25);
    assert.equal(conversionRate(0, 0), null);
  });
});
