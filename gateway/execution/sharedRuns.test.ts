import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { AdmittedOperation } from '../admission/admit.ts';
import type { Call } from '../calls/subgraphCall.ts';
import { admin } from '../fixture/actors.ts';
import type { JsonAnswer } from './engine.ts';
import { createSharedRuns } from './sharedRuns.ts';

const admitted = (operation: string, variables: object = {}, compiled: object = {}) =>
  ({ operation: { node: { operation } }, variables, compiled }) as unknown as AdmittedOperation;
const call: Call = { actor: admin, requestId: 'r' };

/** Runs that answer when told to. */
const held = () => {
  const runs: { call: Call; answer: (text?: string) => void; fail: (error: Error) => void }[] = [];
  const run = createSharedRuns(
    (_admitted, given) =>
      new Promise<JsonAnswer>((resolve, reject) => {
        runs.push({
          call: given,
          answer: (text = '{}') => resolve({ json: Buffer.from(text), answer: null }),
          fail: reject,
        });
        given.signal?.addEventListener('abort', () => reject(given.signal?.reason));
      }),
  );
  return { runs, run };
};

describe('identical queries under way at once', () => {
  const compiled = {};
  const query = (variables: object = {}) => admitted('query', variables, compiled);

  test('run once, and all get those bytes; the next one runs anew', async () => {
    const { runs, run } = held();
    const waiting = [run(query(), call), run(query(), { ...call, requestId: 'other' }), run(query({}), call)];
    assert.equal(runs.length, 1);
    runs[0]?.answer('{"data":1}');
    for (const { json } of await Promise.all(waiting)) assert.equal(json.toString(), '{"data":1}');
    void run(query(), call);
    assert.equal(runs.length, 2);
  });

  test('are not shared where anything that can change the answer differs', () => {
    const { runs, run } = held();
    const others: [AdmittedOperation, Call][] = [
      [query(), call],
      [query({ a: 1 }), call],
      [admitted('query'), call],
      [query(), { ...call, actor: null }],
      [query(), { ...call, actor: { ...admin, id: 'another' } }],
      [query(), { ...call, actor: { ...admin, scopes: [] } }],
      [query(), { ...call, headers: { authorization: 'x' } }],
    ];
    for (const [operation, by] of others) run(operation, by).catch(() => {});
    assert.equal(runs.length, others.length);
  });

  test('an organization that has written is answered from after it, another is not disturbed', async () => {
    const { runs, run } = held();
    const before = run(query(), call);
    const theirs = run(query(), { ...call, actor: { ...admin, tenantId: 'another' } });
    const written = run(admitted('mutation'), call);
    runs[2]?.answer();
    await written;
    const after = run(query(), call);
    const alsoTheirs = run(query(), { ...call, actor: { ...admin, tenantId: 'another' } });
    assert.equal(runs.length, 4);
    for (const { answer } of runs) answer();
    await Promise.all([before, theirs, after, alsoTheirs]);
  });

  test('mutations are never shared', () => {
    const { runs, run } = held();
    const mutation = admitted('mutation', {}, compiled);
    for (let count = 0; count < 2; count++) run(mutation, call).catch(() => {});
    assert.equal(runs.length, 2);
  });

  test('one client that leaves takes nobody with it; the last one stops the run', async () => {
    const { runs, run } = held();
    const [first, second] = [new AbortController(), new AbortController()];
    const left = run(query(), { ...call, signal: first.signal });
    const stayed = run(query(), { ...call, signal: second.signal });
    first.abort(new Error('gone'));
    await assert.rejects(left, /gone/);
    assert.equal(runs[0]?.call.signal?.aborted, false);
    second.abort(new Error('gone too'));
    await assert.rejects(stayed, /gone too/);
    assert.equal(runs[0]?.call.signal?.aborted, true);
    void run(query(), call);
    assert.equal(runs.length, 2);
  });

  test('a run that fails fails for all, and is forgotten', async () => {
    const { runs, run } = held();
    const waiting = [run(query(), call), run(query(), call)];
    runs[0]?.fail(new Error('broken'));
    for (const failed of waiting) await assert.rejects(failed, /broken/);
    void run(query(), call);
    assert.equal(runs.length, 2);
  });
});
