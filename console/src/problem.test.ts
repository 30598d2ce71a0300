import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { GraphqlFailure, NetworkFailure } from '@parley/client';
import { accepted, problemOf } from './problem.ts';

const refusal = {
  __typename: 'Refusal' as const,
  code: 'INVALID_INPUT' as const,
  message: 'Some of the input is not valid.',
  issues: [
    { path: ['password'], message: 'too short' },
    { path: ['input', 'personality', 'warmth'], message: 'at most 1' },
  ],
  retryAfterMs: null,
};
const caught = (act: () => unknown) => {
  try {
    act();
  } catch (error) {
    return problemOf(error);
  }
  throw new Error('nothing was thrown');
};

describe('a problem', () => {
  test('of a Refusal names the fields that are wrong, by their path', () => {
    const { title, fields } = caught(() => accepted(refusal));
    assert.equal(title, refusal.message);
    assert.deepEqual(fields, { password: 'too short', 'personality.warmth': 'at most 1' });
  });
  test('says how long to wait', () => {
    const { advice } = caught(() => accepted({ ...refusal, code: 'RATE_LIMITED', retryAfterMs: 2400 }));
    assert.equal(advice, 'Wait 3 seconds, then try again.');
  });
  test('of a bug carries what to quote to support', () => {
    const error = new GraphqlFailure([
      { message: 'Something went wrong on our side.', extensions: { code: 'INTERNAL_SERVER_ERROR', errorId: 'e-1' } },
    ]);
    assert.equal(problemOf(error).errorId, 'e-1');
  });
  test('of the network says what to check', () => {
    assert.match(problemOf(new NetworkFailure('The server cannot be reached.')).advice, /connection/);
  });
  test('of this page shows nothing of its inside', () => {
    assert.doesNotMatch(problemOf(new TypeError('x is undefined')).title, /undefined/);
  });
});
