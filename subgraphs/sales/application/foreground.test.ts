import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createForeground } from './foreground.ts';

const settled = async (promise: Promise<void>): Promise<boolean> =>
  Promise.race([promise.then(() => true), new Promise<boolean>((resolve) => setImmediate(() => resolve(false)))]);

describe('what goes first', () => {
  it('lets everything pass while nobody waits', async () => {
    assert.equal(await settled(createForeground().clear(60_000)), true);
  });

  it('holds the rest back until the last one is over, told once or twice', async () => {
    const foreground = createForeground();
    const [first, second] = [foreground.begin(), foreground.begin()];
    const rest = [foreground.clear(60_000), foreground.clear(60_000)];
    first();
    first();
    assert.equal(await settled(Promise.race(rest)), false);
    second();
    await Promise.all(rest);
    assert.equal(await settled(foreground.clear(60_000)), true);
  });

  it('holds nothing back for longer than it was told', async () => {
    const foreground = createForeground();
    foreground.begin();
    await foreground.clear(1);
  });
});
