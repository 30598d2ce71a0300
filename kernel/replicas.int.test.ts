import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { type FaultyLink, openLink } from '../test/testkit/faultyLink.ts';
import { CallFailure } from './callFailure.ts';
import { silentLog, tinySubgraph } from './fixture/tinySubgraph.ts';
import { type HttpSubgraph, httpSubgraph } from './httpSubgraph.ts';
import { createReplicas } from './replicas.ts';
import { type ServedSubgraph, serveSubgraph } from './serveSubgraph.ts';

const secrets = { signs: 'a secret of at least thirty-two bytes', accepts: null };
const asked = { actor: null, requestId: 'request-1', query: '{ who }' };

describe('a subgraph at two addresses', () => {
  let replicas: { served: ServedSubgraph; link: FaultyLink; seen: ReturnType<typeof tinySubgraph>['seen'] }[];
  let remote: HttpSubgraph;
  beforeEach(async () => {
    replicas = await Promise.all(
      [0, 1].map(async () => {
        const { subgraph, seen } = tinySubgraph();
        const listen = { host: '127.0.0.1', port: 0 };
        const served = await serveSubgraph({ subgraph, listen, secrets, log: silentLog, unreadyMs: 100, drainMs: 200 });
        const link = await openLink(() => ({ port: Number(new URL(served.url).port) }));
        return { served, link, seen };
      }),
    );
    const url = replicas.map(({ link }) => `http://127.0.0.1:${link.port}`).join(', ');
    remote = httpSubgraph({ name: 'tiny', url, secrets });
  });
  afterEach(async () => {
    await remote.close();
    for (const { served, link } of replicas) {
      await link.close();
      await served.close();
    }
  });
  const counts = () => replicas.map(({ seen }) => seen.requests.length);
  const ask = async (times: number, query = asked.query) => {
    for (let n = 0; n < times; n++) assert.ok((await remote.execute({ ...asked, query })).data, `call ${n}`);
  };

  test('both are asked, and one that is cut off is not missed', async () => {
    await ask(10);
    assert.ok(
      counts().every((count) => count > 2),
      `asked ${counts()}`,
    );
    replicas[0]?.link.set({ kind: 'cut' });
    await ask(20);
  });

  test('a mutation goes to the other where nothing was begun', async () => {
    const url = replicas.map(({ served }) => served.url).join(',');
    const direct = httpSubgraph({ name: 'tiny', url, secrets });
    await replicas[0]?.served.close();
    const together = await Promise.allSettled(
      Array.from({ length: 8 }, () => direct.execute({ ...asked, query: 'mutation { touch }' })),
    );
    await direct.close();
    assert.ok(together.every(({ status }) => status === 'fulfilled'));
  });

  test('M02: one that is told to stop is unready first, and no command that is on its way to it fails', async () => {
    const leaving = replicas[0]?.served;
    const touch = () => remote.execute({ ...asked, query: 'mutation { touch }' });
    const isReady = () =>
      fetch(`${leaving?.url}/health/ready`).then(
        ({ status }) => status === 204,
        () => false,
      );
    await Promise.all(Array.from({ length: 20 }, touch));
    assert.ok(await isReady());
    for (const { link } of replicas) link.set({ kind: 'slow', slowMs: 40 });
    let isStopped = false;
    const stopped = leaving?.close().finally(() => {
      isStopped = true;
    });
    let unready = 0;
    const keepAsking = async (_: unknown, at: number) => {
      await delay(at * 5);
      while (!isStopped) assert.ok((await touch()).data);
    };
    const watchReadiness = async () => {
      for (; !isStopped; await delay(5)) unready += Number(!(await isReady()));
    };
    await Promise.all([...Array.from({ length: 16 }, keepAsking), watchReadiness(), stopped]);
    assert.ok(unready > 0);
  });

  test('a query is answered while one of them is silent, and that one is left alone', async () => {
    await ask(2);
    replicas[1]?.link.set({ kind: 'silent' });
    const before = counts();
    await ask(12);
    const after = counts();
    assert.equal((after[0] ?? 0) - (before[0] ?? 0), 12);
    assert.equal(after[1], before[1]);
  });

  test('one that is back is asked again', async () => {
    replicas[0]?.link.set({ kind: 'cut' });
    await ask(4);
    replicas[0]?.link.set({ kind: 'none' });
    const before = counts()[0] ?? 0;
    for (const deadline = Date.now() + 5000; (counts()[0] ?? 0) === before; await delay(50)) {
      assert.ok(Date.now() < deadline, 'it was never asked again');
      await ask(1);
    }
  });

  test('a subscription begins at the one that is there', async () => {
    replicas[0]?.link.set({ kind: 'cut' });
    for (let n = 0; n < 3; n++) {
      const stream = await remote.subscribe({ ...asked, query: 'subscription { ticks(to: 3) }' });
      const { value } = await stream.next();
      assert.deepEqual(JSON.parse(JSON.stringify(value.data)), { ticks: 1 });
      await stream.return?.();
    }
  });

  test('where neither is there, that is what the caller is told', async () => {
    for (const { link } of replicas) link.set({ kind: 'cut' });
    await assert.rejects(remote.execute(asked), CallFailure);
  });
});

describe('replicas', () => {
  const reset = () => Promise.reject(new CallFailure('RESET', 'it broke off'));

  test('what may have been begun is asked again only where it may be done twice', async () => {
    for (const isRepeatable of [true, false]) {
      const called: string[] = [];
      const { ask } = createReplicas(['a', 'b']);
      const answer = ask(
        async (replica) => {
          called.push(replica);
          return called.length === 1 ? reset() : replica;
        },
        { isRepeatable },
      );
      if (isRepeatable) assert.equal(await answer, called[1]);
      else await assert.rejects(answer, { kind: 'RESET' });
      assert.equal(called.length, isRepeatable ? 2 : 1);
    }
  });

  test('one that failed has to answer one call before it gets more, and rests longer each time', async () => {
    let now = 0;
    const { ask } = createReplicas(['a', 'b'], { now: () => now, restMs: 100, longestRestMs: 400 });
    const asksOfA: number[] = [];
    const call = async (replica: string) => {
      if (replica === 'b') return replica;
      asksOfA.push(now);
      return reset();
    };
    for (; now < 2000; now += 10) assert.equal(await ask(call, { isRepeatable: true }), 'b');
    const rests = asksOfA.slice(1).map((at, index) => at - (asksOfA[index] ?? 0));
    assert.ok(rests.length >= 4 && rests.length <= 7, `rests ${rests}`);
    assert.ok((rests[0] ?? 0) < 200 && (rests.at(-1) ?? 0) >= 400, `rests ${rests}`);
  });

  test('a caller that leaves says nothing about the replica', async () => {
    const { ask } = createReplicas(['a', 'b']);
    const gone = new AbortController();
    const hanging = ask(
      (_replica, signal) =>
        new Promise((_resolve, reject) => signal?.addEventListener('abort', () => reject(signal.reason))),
      { isRepeatable: true, hedge: true, signal: gone.signal },
    );
    gone.abort(new Error('the client is gone'));
    await assert.rejects(hanging, /the client is gone/);
    const asked = new Set<string>();
    for (let n = 0; n < 4; n++) await ask(async (replica) => asked.add(replica), { isRepeatable: true });
    assert.equal(asked.size, 2);
  });

  test('hedges stay a share of the calls', async () => {
    const { ask } = createReplicas(['a', 'b'], { hedgeMs: 1 });
    let calls = 0;
    const slow = async () => {
      calls += 1;
      await delay(10);
    };
    for (let n = 0; n < 60; n++) await ask(slow, { isRepeatable: true, hedge: true });
    assert.ok(calls > 60 && calls <= 60 + 10 + 60 * 0.05 + 1, `${calls} calls`);
  });

  test('the one that is slower is told that nobody waits', async () => {
    const { ask } = createReplicas(['a', 'b'], { hedgeMs: 5 });
    let told: unknown = null;
    let n = 0;
    const answer = await ask(
      (replica, signal) => {
        n += 1;
        if (n > 1) return Promise.resolve(replica);
        return new Promise<string>((_resolve, reject) =>
          signal?.addEventListener('abort', () => {
            told = signal.reason;
            reject(signal.reason);
          }),
        );
      },
      { isRepeatable: true, hedge: true },
    );
    assert.ok(answer === 'a' || answer === 'b');
    assert.match(String(told), /another replica was quicker/);
  });
});
