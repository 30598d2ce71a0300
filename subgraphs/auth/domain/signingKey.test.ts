import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { announcedMs, nextSignsFrom, overlapMs, publishedKeys, rotationMs, signingKeyAt } from './signingKey.ts';

const now = new Date('2026-01-01T00:00:00Z');
const at = (ms: number) => new Date(now.getTime() + ms);
const key = (kid: string, signsFrom: Date, retiredAt: Date | null = null) => ({
  kid,
  createdAt: new Date(Math.min(signsFrom.getTime(), now.getTime())),
  signsFrom,
  retiredAt,
});

describe('the life of signing keys', () => {
  test('given none, then the first signs at once', () => assert.deepEqual(nextSignsFrom([], now), now));

  test('given a key of 90 days, then the next is announced before it signs; a younger one stays', () => {
    assert.deepEqual(nextSignsFrom([key('old', at(-rotationMs))], now), at(announcedMs));
    assert.equal(nextSignsFrom([key('old', at(-rotationMs + 1))], now), null);
    assert.equal(nextSignsFrom([key('old', at(-rotationMs)), key('next', at(announcedMs))], now), null);
  });

  test('G45 given an announced successor, then both are published, the old one signs until its turn, then goes', () => {
    const keys = [key('old', at(-rotationMs), at(announcedMs + overlapMs)), key('next', at(announcedMs))];
    const seen = (ms: number) => [publishedKeys(keys, at(ms)).map(({ kid }) => kid), signingKeyAt(keys, at(ms))?.kid];
    assert.deepEqual(seen(0), [['old', 'next'], 'old']);
    assert.deepEqual(seen(announcedMs), [['old', 'next'], 'next']);
    assert.deepEqual(seen(announcedMs + overlapMs), [['next'], 'next']);
  });
});
