import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';

/** Looks every 20 ms until it holds. @throws with `what` was waited for in vain */
export const until = async (
  what: string,
  holds: () => boolean | Promise<boolean>,
  patienceMs = 20_000,
): Promise<void> => {
  for (const deadline = Date.now() + patienceMs; !(await holds()); await delay(20))
    assert.ok(Date.now() < deadline, `${what} did not come`);
};
