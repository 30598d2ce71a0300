import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { countFailure, pauseLeft, type Throttle } from './signInThrottle.ts';

const start = new Date('2026-01-01T00:00:00Z');
const later = (from: Date, ms: number) => new Date(from.getTime() + ms);
const failures = (count: number, at = start): Throttle => {
  let known: Throttle | null = null;
  for (let index = 0; index < count; index++) known = countFailure(known, at);
  assert.ok(known);
  return known;
};

describe('the pause after wrong tries', () => {
  test('given nine wrong tries, then the next may be made at once', () => {
    assert.equal(pauseLeft(failures(9), start), 0);
    assert.equal(pauseLeft(null, start), 0);
  });

  test('H02 given ten, then there is a pause that doubles with each further one, up to a quarter of an hour', () => {
    let known = failures(10);
    const pauses = [pauseLeft(known, start)];
    let now = start;
    for (let index = 0; index < 7; index++) {
      now = known.blockedUntil ?? now;
      assert.equal(pauseLeft(known, now), 0, 'one try is free after the pause');
      known = countFailure(known, now);
      pauses.push(pauseLeft(known, now));
    }
    assert.deepEqual(
      pauses.map((ms) => ms / 1000),
      [30, 60, 120, 240, 480, 900, 900, 900],
    );
  });

  test('given a quarter of an hour without a try after the pause, then counting begins anew', () => {
    const known = failures(10);
    assert.equal(countFailure(known, later(start, 30_000 + 15 * 60_000)).tries, 11);
    assert.deepEqual(countFailure(known, later(start, 30_001 + 15 * 60_000)), {
      tries: 1,
      lastTryAt: later(start, 30_001 + 15 * 60_000),
      blockedUntil: null,
    });
  });

  test('H20 given wrong codes, then five of them are enough for the pause', () => {
    let known: Throttle | null = null;
    for (let index = 0; index < 4; index++) known = countFailure(known, start, 2);
    assert.equal(pauseLeft(known, start), 0);
    assert.equal(pauseLeft(countFailure(known, start, 2), start), 30_000);
  });
});
