import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FixtureJob } from './processPool.fixture.ts';
import { createProcessPool, type ProcessPoolOptions } from './processPool.ts';
import { SpeechClosed, SpeechFailed } from './speechSynthesizer.ts';

const fixture = new URL('./processPool.fixture.ts', import.meta.url);
const folder = mkdtempSync(join(tmpdir(), 'pool-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const withPool = async (
  options: Partial<ProcessPoolOptions>,
  use: (pool: ReturnType<typeof createProcessPool<FixtureJob, string>>) => Promise<void>,
) => {
  const pool = createProcessPool<FixtureJob, string>({ module: fixture, ...options });
  try {
    await use(pool);
  } finally {
    await pool.close();
  }
};
const alive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    // One that ended and that nobody has collected yet still has its number.
    const status = `/proc/${pid}/stat`;
    return !existsSync(status) || !/\) Z /.test(readFileSync(status, 'utf8'));
  } catch {
    return false;
  }
};

describe('a pool of speech processes', () => {
  it('answers the most urgent first, and equals in the order they came', () =>
    withPool({}, async (pool) => {
      await pool.ready();
      const order: string[] = [];
      const say = (text: string, priority: number) =>
        pool.run({ say: text }, { priority }).then((said) => order.push(said));
      await Promise.all([
        pool.run({ say: 'busy', afterMs: 50 }, { priority: 9 }),
        say('later sentence', 5),
        say('last sentence', 5),
        say('first sentence', 0),
      ]);
      assert.deepEqual(order, ['first sentence', 'later sentence', 'last sentence']);
    }));

  it('restarts a child that crashes and tries its request once more', () =>
    withPool({}, async (pool) => {
      assert.equal(await pool.run({ mishap: 'crash', once: join(folder, 'crash') }, { priority: 0 }), 'second time');
    }));

  it('replaces a child that hangs and tries its request once more', () =>
    withPool({ requestTimeoutMs: 150 }, async (pool) => {
      assert.equal(await pool.run({ mishap: 'hang', once: join(folder, 'hang') }, { priority: 0 }), 'second time');
    }));

  it('gives a request up after its second loss, and goes on with the next', () =>
    withPool({}, async (pool) => {
      await assert.rejects(pool.run({ mishap: 'crash' }, { priority: 0 }), SpeechFailed);
      assert.equal(await pool.run({ say: 'still here' }, { priority: 0 }), 'still here');
    }));

  it('does not repeat what the child itself refuses', () =>
    withPool({}, async (pool) => {
      await assert.rejects(pool.run({ fail: 'no such voice' }, { priority: 0 }), /no such voice/);
    }));

  it('rejects with the reason of an aborted signal, waiting or under way', () =>
    withPool({}, async (pool) => {
      const stop = new AbortController();
      const reason = new Error('barge-in');
      const running = pool.run({ say: 'x', afterMs: 200 }, { priority: 0, signal: stop.signal });
      const queued = pool.run({ say: 'y' }, { priority: 0, signal: stop.signal });
      setTimeout(() => stop.abort(reason), 20);
      await assert.rejects(running, reason);
      await assert.rejects(queued, reason);
      assert.equal(await pool.run({ say: 'next' }, { priority: 0 }), 'next');
    }));

  it('rejects what waits longer than the deadline', () =>
    withPool({ deadlineMs: 100 }, async (pool) => {
      await pool.ready();
      await Promise.all([
        assert.rejects(pool.run({ say: 'slow', afterMs: 400 }, { priority: 0 }), SpeechFailed),
        assert.rejects(pool.run({ say: 'late' }, { priority: 1 }), /no speech within 100 ms/),
      ]);
    }));

  it('tells what is waiting that it was not tried when it is closed', () =>
    withPool({}, async (pool) => {
      await pool.ready();
      const jobs = Promise.all([
        assert.rejects(pool.run({ say: 'x', afterMs: 500 }, { priority: 0 }), SpeechClosed),
        assert.rejects(pool.run({ say: 'y' }, { priority: 1 }), SpeechClosed),
      ]);
      await pool.close();
      await jobs;
      await assert.rejects(pool.run({ say: 'z' }, { priority: 0 }), SpeechClosed);
    }));

  it('says so when the child cannot start at all', () =>
    withPool({ module: new URL('./absent.ts', import.meta.url) }, async (pool) => {
      await assert.rejects(pool.ready(), /does not start/);
    }));

  it('leaves no child behind when its parent is killed with -9', async () => {
    const parent = fork(new URL('./processPool.parent.fixture.ts', import.meta.url));
    const [pid] = await new Promise<number[]>((resolve) => parent.once('message', (pids) => resolve(pids as number[])));
    assert.ok(pid && alive(pid));
    parent.kill('SIGKILL');
    for (let i = 0; i < 500 && alive(pid); i++) await sleep(20);
    assert.equal(alive(pid), false);
  });
});
