import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createShare } from './loadShedding.ts';

describe('M08: load shedding', () => {
  test('nothing is shed while the loop keeps up, nor for one long stall', () => {
    const share = createShare(200, () => 0);
    for (const lateness of [0, 50, 199, 3000, 10, 500, 0]) {
      share.look(lateness);
      assert.equal(share.sheds(), false);
    }
  });

  test('the share grows while the loop stays late, never to everything, and shrinks to nothing after', () => {
    const share = createShare(200, () => 0.5);
    for (let look = 0; look < 100; look++) share.look(400);
    assert.ok(share.share() > 0.9 && share.share() <= 1);
    assert.equal(share.sheds(), true);
    for (let look = 0; look < 60; look++) share.look(10);
    assert.equal(share.share(), 0);
    assert.equal(share.sheds(), false);
  });

  test('a loop just as late as it may be is held there: some are served, some are not', () => {
    let at = 0;
    const share = createShare(200, () => (at++ % 10) / 10);
    const served = (): number => Array.from({ length: 10 }, () => share.sheds()).filter((sheds) => !sheds).length;
    // A loop whose lateness is what is let in of five times what it can take.
    const counts: number[] = [];
    for (let look = 0; look < 200; look++) {
      share.look((1 - share.share()) * 5 * 200);
      if (look >= 100) counts.push(served());
    }
    const average = counts.reduce((sum, count) => sum + count, 0) / counts.length;
    assert.ok(average >= 1 && average <= 5, String(average));
  });
});
