import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { Actor } from '@parley/kernel/actor';
import { CallFailure } from '@parley/kernel/callFailure';
import type { SubgraphResult } from '@parley/kernel/subgraph';
import { userWith } from '../fixture/actors.ts';
import { silentLog } from '../log.ts';
import { withBulkhead } from './bulkhead.ts';
import { defaultBreaker, withCircuitBreaker } from './circuitBreaker.ts';
import { unlessAborted, withDeadline } from './deadline.ts';
import { withDeduplication } from './deduplicate.ts';
import { withRetry } from './retry.ts';
import { type Call, type CallSubgraph, ClientGone, DeadlinePassed, NotSent } from './subgraphCall.ts';

const query = { query: '{ a }' };
const mutation = { query: 'mutation { a }', isMutation: true };
const actor = userWith('conversations:read');
const call: Call = { actor, requestId: 'r' };
const of = (tenantId: string): Call => ({ ...call, actor: { ...actor, tenantId } });
const reset = () => new CallFailure('RESET', 'reset');

/** A subgraph whose calls are answered one by one by the test. */
const held = () => {
  const calls: { name: string; call: Call; answer(result?: SubgraphResult): void; fail(error: Error): void }[] = [];
  const subgraph: CallSubgraph = (name, _operation, call) =>
    new Promise((resolve, reject) => {
      calls.push({
        name,
        call,
        answer: (result = { data: { a: 1 } }) => resolve(result),
        fail: reject,
      });
      call.signal?.addEventListener('abort', () => reject(call.signal?.reason), { once: true });
    });
  return { calls, subgraph };
};
const settle = () => delay(0);

describe('retry', () => {
  test('D21: however many fail, retries stay a tenth of the calls, and wait a random moment', async () => {
    let sent = 0;
    const waits: (readonly [number, number])[] = [];
    const run = withRetry(0.1, async (...range) => waits.push(range))(async () => {
      sent += 1;
      throw reset();
    });
    for (let i = 0; i < 1000; i++) await assert.rejects(run('a', query, call));
    const retries = sent - 1000;
    assert.ok(retries >= 90 && retries <= 110, `${retries} retries`);
    assert.equal(waits.length, retries);
    for (const [least, most] of waits) assert.ok(most > least);
  });

  test('only for broken connections, never for mutations, never for who has left', async () => {
    const left = AbortSignal.abort(new ClientGone('left'));
    for (const [operation, error, by] of [
      [query, new CallFailure('STATUS', '500'), call],
      [query, new CallFailure('INVALID', 'no'), call],
      [query, new Error('a bug'), call],
      [mutation, reset(), call],
      [mutation, new CallFailure('UNREACHABLE', 'down'), call],
      [query, reset(), { ...call, signal: left }],
    ] as const) {
      let sent = 0;
      const run = withRetry()(async () => {
        sent += 1;
        throw error;
      });
      await assert.rejects(run('a', operation, by));
      assert.equal(sent, 1);
    }
  });
});

describe('circuit breaker', () => {
  const breaker = () => {
    const clock = { now: 0 };
    const subgraph = { sent: 0, fails: true };
    const policy = withCircuitBreaker(silentLog, defaultBreaker, () => clock.now);
    const run = policy(async () => {
      subgraph.sent += 1;
      if (subgraph.fails) throw reset();
      return { data: {} };
    });
    const outcome = (name = 'a', by = call) =>
      run(name, query, by).then(
        () => 'answered',
        (error) => (error instanceof NotSent ? 'spared' : 'failed'),
      );
    return { clock, subgraph, outcome };
  };

  test('D05, D20: opens on mostly failures, probes with a single call, closes on an answer', async () => {
    const { clock, subgraph, outcome } = breaker();
    for (let i = 0; i < 20; i++) assert.equal(await outcome(), 'failed');
    assert.equal(await outcome(), 'spared');
    assert.equal(subgraph.sent, 20);
    assert.equal(await outcome('other'), 'failed');

    clock.now += 1000;
    assert.deepEqual(await Promise.all([outcome(), outcome(), outcome()]), ['failed', 'spared', 'spared']);
    clock.now += 1999;
    assert.equal(await outcome(), 'spared');
    clock.now += 1;
    subgraph.fails = false;
    assert.deepEqual(await Promise.all([outcome(), outcome()]), ['answered', 'spared']);
    for (let i = 0; i < 10; i++) assert.equal(await outcome(), 'answered');
  });

  test('D20: half failing opens it, a third does not', async () => {
    for (const [every, expected] of [
      [2, 'spared'],
      [3, 'answered'],
    ] as const) {
      const { clock, subgraph, outcome } = breaker();
      const outcomes = new Set<string>();
      for (let i = 1; i <= 200; i++) {
        clock.now += 50;
        subgraph.fails = i % every === 0;
        outcomes.add(await outcome());
      }
      assert.equal(outcomes.has('spared'), expected === 'spared');
    }
  });

  test('failures long ago do not count, nor do callers who left', async () => {
    const { clock, outcome } = breaker();
    for (let i = 0; i < 15; i++) await outcome();
    clock.now += 30_000;
    for (let i = 0; i < 15; i++) assert.equal(await outcome(), 'failed');
    const left = { ...call, signal: AbortSignal.abort(new ClientGone('left')) };
    const fresh = breaker();
    for (let i = 0; i < 100; i++) assert.equal(await fresh.outcome('a', left), 'failed');
  });
});

describe('bulkhead', () => {
  test('D23: an organization that is slow waits for its own calls, not the others for it', async () => {
    const { calls, subgraph } = held();
    const run = withBulkhead({ concurrency: 10, perTenant: 3, waiting: 100 })(subgraph);
    const slow = Array.from({ length: 20 }, () => run('a', query, of('slow')));
    const other = run('a', query, of('other'));
    await settle();
    assert.deepEqual(
      calls.map(({ call }) => call.actor?.tenantId),
      ['slow', 'slow', 'slow', 'other'],
    );
    calls[3]?.answer();
    assert.ok(await other);
    for (let answered = 0; answered < calls.length; answered++) {
      if (answered !== 3) calls[answered]?.answer();
      await settle();
    }
    assert.equal((await Promise.all(slow)).length, 20);
    assert.equal(calls.length, 21);
  });

  test('places are bounded, and so are those who wait; who leaves gives up its place', async () => {
    const { calls, subgraph } = held();
    const run = withBulkhead({ concurrency: 1, perTenant: 1, waiting: 2 })(subgraph);
    const first = run('a', query, of('1'));
    const leaving = new AbortController();
    const second = run('a', query, { ...of('2'), signal: leaving.signal });
    const third = run('a', query, of('3'));
    await assert.rejects(run('a', query, of('4')), NotSent);
    assert.ok(await Promise.race([run('b', query, of('4')), settle().then(() => calls.length === 2)]));
    leaving.abort();
    await assert.rejects(second, NotSent);
    calls[0]?.fail(reset());
    await assert.rejects(first);
    await settle();
    assert.equal(calls.at(-1)?.call.actor?.tenantId, '3');
    calls.at(-1)?.answer();
    assert.ok(await third);
  });
});

describe('deduplication', () => {
  const start = () => {
    const { calls, subgraph } = held();
    return { calls, run: withDeduplication()(subgraph) };
  };

  test('identical queries under way are one call, and each gets an answer of its own', async () => {
    const { calls, run } = start();
    const waiting = Array.from({ length: 5 }, () => run('a', query, { ...call, actor: { ...actor } }));
    assert.equal(calls.length, 1);
    const moment = new Date();
    calls[0]?.answer({ data: { list: [{ deep: 1 }], moment } });
    const answers = await Promise.all(waiting);
    assert.equal(new Set(answers.map(({ data }) => data)).size, 5);
    assert.equal(new Set(answers.map(({ data }) => (data as { list: object[] }).list[0])).size, 5);
    for (const { data } of answers)
      assert.deepEqual({ ...data, list: JSON.stringify(data?.['list']) }, { list: '[{"deep":1}]', moment });
    const later = run('a', query, call);
    assert.equal(calls.length, 2);
    calls[1]?.answer();
    assert.ok(await later);
  });

  test('who comes right after somebody gave up is answered, however little later', async () => {
    for (let turns = 0; turns < 8; turns++) {
      const { calls, run } = start();
      const client = new AbortController();
      const first = run('a', query, { ...call, signal: client.signal }).catch(() => 'gone');
      client.abort(new ClientGone('gone'));
      for (let turn = 0; turn < turns; turn++) await null;
      const second = run('a', query, call);
      calls.at(-1)?.answer();
      assert.deepEqual(await second, { data: { a: 1 } });
      assert.equal(await first, 'gone');
    }
  });

  test('what can change the answer is never shared', async () => {
    const { calls, run } = start();
    const actors: (Actor | null)[] = [
      null,
      actor,
      { ...actor, kind: 'API_KEY' },
      { ...actor, id: 'other' },
      { ...actor, tenantId: 'other' },
      { ...actor, role: 'ADMIN' },
      { ...actor, scopes: [] },
      { ...actor, partnerId: 'other' },
      { ...actor, conversationId: 'other' },
      { ...actor, sessionId: 'other' },
    ];
    const variants: [string, Parameters<CallSubgraph>[1], Call][] = [
      ...actors.map((one): [string, typeof query, Call] => ['a', query, { ...call, actor: one }]),
      ['b', query, call],
      ['a', { query: '{ b }' }, call],
      ['a', { ...query, operationName: 'A' }, call],
      ['a', { ...query, variables: { x: 1 } }, call],
      ['a', { ...query, variables: { x: '1' } }, call],
      ['a', query, { ...call, headers: { authorization: 'x' } }],
      ['a', query, { ...call, headers: { authorization: 'y' } }],
      ['a', query, { ...call, fresh: true }],
      ['a', mutation, call],
      ['a', mutation, call],
    ];
    for (const [name, operation, by] of variants) run(name, operation, by).catch(() => {});
    assert.equal(calls.length, variants.length);
    run('a', query, { ...call, requestId: 'other', actor: { ...actor, expiresAt: 1 } }).catch(() => {});
    assert.equal(calls.length, variants.length, 'another request id and token end share');
    for (const { answer } of calls) answer();
  });

  test('who has seen his own write gets no answer from before it', async () => {
    const { calls, run } = start();
    const before = run('a', query, call);
    const elsewhere = run('a', query, of('other'));
    const write = run('a', mutation, call);
    calls[2]?.answer();
    await write;
    const after = run('a', query, call);
    assert.equal(calls.length, 4);
    const stillShared = run('a', query, of('other'));
    assert.equal(calls.length, 4);
    calls[0]?.answer({ data: { a: 'before' } });
    calls[1]?.answer();
    calls[3]?.answer({ data: { a: 'after' } });
    assert.deepEqual((await before).data, { a: 'before' });
    assert.deepEqual((await after).data, { a: 'after' });
    assert.ok((await elsewhere) && (await stillShared));
  });

  test('who leaves leaves alone; the call is given up with the last', async () => {
    const { calls, run } = start();
    const [first, second] = [new AbortController(), new AbortController()];
    const left = assert.rejects(run('a', query, { ...call, signal: first.signal }));
    const stays = run('a', query, { ...call, signal: second.signal });
    first.abort();
    await left;
    assert.equal(calls[0]?.call.signal?.aborted, false);
    second.abort();
    await assert.rejects(stays);
    assert.ok(calls[0]?.call.signal?.reason instanceof ClientGone);
  });

  test('a failure is everybody’s, and not kept', async () => {
    const { calls, run } = start();
    const waiting = [run('a', query, call), run('a', query, call)];
    calls[0]?.fail(reset());
    for (const one of waiting) await assert.rejects(one, CallFailure);
    run('a', query, call).catch(() => {});
    assert.equal(calls.length, 2);
  });
});

describe('deadline', () => {
  test('D01: fires after its time with its own reason, and leaves nothing behind', async () => {
    const { calls, subgraph } = held();
    await assert.rejects(withDeadline(10)(subgraph)('a', query, call), DeadlinePassed);
    const client = new AbortController();
    const run = withDeadline(10_000)(subgraph)('a', query, { ...call, signal: client.signal });
    client.abort();
    await assert.rejects(run, ClientGone);
    const served = withDeadline(10_000)(subgraph)('a', query, call);
    calls[2]?.answer();
    assert.ok(await served);
  });

  test('D01: each of many calls has its own, also begun while others wait', async () => {
    const { calls, subgraph } = held();
    const run = withDeadline(60)(subgraph);
    const started = performance.now();
    const ends: Promise<number>[] = [];
    for (let index = 0; index < 4; index++) {
      ends.push(
        run('a', query, call).then(
          () => -1,
          () => performance.now() - started,
        ),
      );
      await delay(20);
      if (index === 1) calls[1]?.answer();
    }
    const [first = 0, second, third = 0, last = 0] = await Promise.all(ends);
    assert.equal(second, -1);
    assert.ok(first >= 59 && third >= 99 && last >= 119, `${first} ${third} ${last}`);
  });
});

describe('a call for a client that is already gone', () => {
  test('B27: ends with that, and its own failure is nobody’s unhandled rejection', async () => {
    const gone = new ClientGone('left');
    const broken = Promise.reject(reset());
    await assert.rejects(unlessAborted(broken, AbortSignal.abort(gone)), gone);
    await settle();
  });
});
