import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inWaves } from './inWaves.ts';

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

test('F15 a thousand are sent away a few at a time, spread over the time there is; each once', async () => {
  const sent: number[] = [];
  const started = performance.now();
  const going = inWaves(upTo(1000), 100, (item) => sent.push(item));
  assert.deepEqual(sent, upTo(50));
  await going;
  assert.deepEqual(sent, upTo(1000));
  assert.ok(performance.now() - started > 80);
});

test('a few are sent away at once', async () => {
  const sent: number[] = [];
  const going = inWaves(upTo(3), 60_000, (item) => sent.push(item));
  assert.deepEqual(sent, upTo(3));
  await going;
});
