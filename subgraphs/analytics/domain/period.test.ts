import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { intervalStart, intervalStarts, periodProblem } from './period.ts';

const at = (text: string) => new Date(text);

describe('periods', () => {
  test('every hour and day that the period touches, the first one cut included, the end not', () => {
    assert.deepEqual(intervalStarts(at('2026-11-02T09:30:00Z'), at('2026-11-02T12:00:00Z'), 'HOUR'), [
      at('2026-11-02T09:00:00Z'),
      at('2026-11-02T10:00:00Z'),
      at('2026-11-02T11:00:00Z'),
    ]);
    assert.deepEqual(intervalStarts(at('2026-10-24T23:59:59Z'), at('2026-10-26T00:00:01Z'), 'DAY'), [
      at('2026-10-24T00:00:00Z'),
      at('2026-10-25T00:00:00Z'),
      at('2026-10-26T00:00:00Z'),
    ]);
  });
  test('before 1970 too', () => {
    assert.deepEqual(intervalStart(at('1969-12-31T23:59:59Z'), 'DAY'), at('1969-12-31T00:00:00Z'));
  });
  test('1000 points are a series, 1001 are none', () => {
    const from = at('2026-01-01T00:00:00Z');
    const after = (hours: number) => new Date(from.getTime() + hours * 3_600_000);
    assert.equal(intervalStarts(from, after(1000), 'HOUR')?.length, 1000);
    assert.equal(intervalStarts(from, after(1001), 'HOUR'), null);
    assert.equal(intervalStarts(at('0001-01-01T00:00:00Z'), at('9999-01-01T00:00:00Z'), 'HOUR'), null);
  });
  test('an empty or reversed period is a mistake, an open one is not', () => {
    const [early, late] = [at('2026-01-01T00:00:00Z'), at('2026-01-02T00:00:00Z')];
    assert.equal(periodProblem({ from: early, to: late }), null);
    assert.equal(periodProblem({ from: late, to: null }), null);
    assert.notEqual(periodProblem({ from: late, to: early }), null);
    assert.notEqual(periodProblem({ from: late, to: late }), null);
  });
});
