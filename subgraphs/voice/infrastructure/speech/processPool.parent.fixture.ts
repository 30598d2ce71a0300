/** A parent for `processPool.test.ts` to kill: tells its children's ids and stays. */
import { createProcessPool } from './processPool.ts';

const pool = createProcessPool({ module: new URL('./processPool.fixture.ts', import.meta.url) });
await pool.ready();
process.send?.(pool.pids());
setInterval(() => {}, 1_000);
