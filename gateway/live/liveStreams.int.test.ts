import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { CallFailure } from '@parley/kernel/callFailure';
import { GraphQLError } from 'graphql';
import { type Running, startFixture } from '../fixture/gateway.ts';
import { openSocket, type TestSocket } from '../fixture/socket.ts';

const query =
  'subscription($id: ID!, $after: String) { updates(conversationId: $id, after: $after) { number conversation { summary } } }';
const until = async (condition: () => boolean): Promise<void> => {
  for (let i = 0; i < 200 && !condition(); i++) await delay(10);
  assert.ok(condition());
};
const numbersIn = ({ received }: TestSocket): number[] =>
  received.flatMap(({ type, payload }) =>
    type === 'next' ? [(payload as { data: { updates: { number: number } } }).data.updates.number] : [],
  );
const upTo = (last: number, first = 1): number[] => Array.from({ length: last - first + 1 }, (_, i) => first + i);

describe('equal subscriptions share a stream', () => {
  let running: Running;
  const sockets: TestSocket[] = [];
  const reader = async (after?: string, { id = 'c1', token }: { id?: string; token?: string } = {}) => {
    const socket = await openSocket(running.gateway.url);
    sockets.push(socket);
    await socket.init(token === undefined ? undefined : { authorization: `Bearer ${token}` });
    socket.send({ type: 'subscribe', id: 'mine', payload: { query, variables: { id, after } } });
    return socket;
  };
  const appendUntil = (condition: () => boolean): Promise<void> =>
    until(() => {
      if (!condition()) running.world.updates.append();
      return condition();
    });
  const executions = (): number => running.world.calls.filter(({ subgraph }) => subgraph === 'agent').length;
  beforeEach(async () => {
    running = await startFixture();
  });
  afterEach(async () => {
    for (const { socket } of sockets.splice(0)) socket.terminate();
    await running.gateway.close();
  });

  test('many subscribers of one conversation: one stream upstream and one execution per event, the same answer to each', async () => {
    const readers = await Promise.all(Array.from({ length: 20 }, () => reader('0')));
    running.world.updates.append(3);
    await until(() => readers.every((one) => numbersIn(one).length === 3));
    assert.equal(running.world.updates.readers, 1);
    assert.equal(executions(), 3);
    assert.deepEqual(readers[0]?.received.at(-1), readers[19]?.received.at(-1));
    assert.deepEqual(readers[0]?.received.at(-1)?.payload, {
      data: { updates: { number: 3, conversation: { summary: 'c1 is OPEN' } } },
    });
  });

  test('one who comes later, from now on, joins the stream that is there', async () => {
    const first = await reader();
    await until(() => running.world.updates.readers === 1);
    running.world.updates.append(2);
    await until(() => numbersIn(first).length === 2);
    const second = await reader();
    await appendUntil(() => numbersIn(second).length >= 2);
    assert.ok((numbersIn(second)[0] ?? 0) > 2);
    assert.equal(running.world.updates.readers, 1);
  });

  test('one who comes with a cursor that is remembered gets what it missed at once, without a stream of its own', async () => {
    const first = await reader();
    await until(() => running.world.updates.readers === 1);
    running.world.updates.append(5);
    await until(() => numbersIn(first).length === 5);
    const second = await reader('2');
    await until(() => numbersIn(second).length === 3);
    assert.equal(running.world.updates.readers, 1);
    running.world.updates.append();
    await until(() => numbersIn(second).length === 4);
    assert.deepEqual(numbersIn(second), [3, 4, 5, 6]);
    assert.equal(executions(), 6);
  });

  test('one who comes with an older cursor reads on by itself until it meets the others: no gap, no double, one stream again', async () => {
    running.world.updates.append(400);
    const first = await reader();
    await until(() => running.world.updates.readers === 1);
    const second = await reader('0');
    await until(() => numbersIn(second).length === 400);
    assert.equal(running.world.updates.readers, 2);
    running.world.updates.append();
    await until(() => running.world.updates.readers === 1);
    const before = executions();
    running.world.updates.append(2);
    await until(() => numbersIn(second).length === 403 && numbersIn(first).length === 3);
    assert.deepEqual(numbersIn(second), upTo(403));
    assert.deepEqual(numbersIn(first), [401, 402, 403]);
    assert.equal(executions() - before, 2);
  });

  test('F02 whatever they begin at and whenever they come, each gets every update after its cursor once and in order', async () => {
    running.world.updates.append(50);
    const readers: { from: number; socket: TestSocket }[] = [];
    let total = 50;
    for (let i = 0; i < 40; i++) {
      const from = (i * 37) % (total + 1);
      readers.push({ from, socket: await reader(String(from)) });
      const more = (i * 7) % 4;
      total += more;
      if (more > 0) running.world.updates.append(more);
    }
    running.world.updates.append();
    total += 1;
    await until(() => readers.every(({ from, socket }) => numbersIn(socket).length >= total - from));
    await until(() => running.world.updates.readers === 1);
    for (const { from, socket } of readers) assert.deepEqual(numbersIn(socket), upTo(total, from + 1));
  });

  test('E45 the rights are part of it, the person and the token are not: organization, role, scopes', async () => {
    const sign = (claims: Record<string, string>) => running.issuer.sign(claims);
    const tokens = [
      await sign({ sub: 'u1', tid: 'tenant-1', role: 'MANAGER' }),
      await sign({ sub: 'u2', tid: 'tenant-1', role: 'MANAGER', sid: 'another-session' }),
      await sign({ sub: 'u1', tid: 'tenant-1', role: 'ANALYST' }),
      await sign({ sub: 'u1', tid: 'tenant-2', role: 'MANAGER' }),
    ];
    const readers = await Promise.all(tokens.map((token) => reader(undefined, { token })));
    await reader();
    await until(() => running.world.updates.readers === 4);
    running.world.updates.append();
    await until(() => readers.every((one) => numbersIn(one).length === 1));
    assert.equal(running.world.updates.readers, 4);
  });

  test('one who leaves, or whose credential ends, does not end it for the others; the last to leave does', async () => {
    const now = Math.floor(Date.now() / 1000);
    const short = await reader(undefined, { token: await running.issuer.sign({ iat: now - 10, exp: now + 1 }) });
    const long = await reader(undefined, { token: await running.issuer.sign() });
    await until(() => running.world.updates.readers === 1);
    assert.equal((await short.closed).code, 4403);
    running.world.updates.append();
    await until(() => numbersIn(long).length === 1);
    assert.deepEqual(numbersIn(short), []);
    long.send({ type: 'complete', id: 'mine' });
    await until(() => running.world.updates.readers === 0);
  });

  test('a subgraph that breaks off and is back: the stream goes on after its last cursor, and its readers notice nothing', async () => {
    const readers = [await reader('0'), await reader('0')];
    running.world.updates.append(2);
    await until(() => readers.every((one) => numbersIn(one).length === 2));
    running.world.updates.cut(new CallFailure('RESET', 'the socket ended'));
    running.world.updates.append(2);
    await until(() => readers.every((one) => numbersIn(one).length === 4));
    assert.deepEqual(numbersIn(readers[0] as TestSocket), [1, 2, 3, 4]);
    assert.equal(running.world.updates.readers, 1);
    const asked = running.world.calls.filter(({ request }) => request.query.startsWith('subscription'));
    assert.deepEqual(
      asked.map(({ request }) => Object.values(request.variables ?? {})),
      [
        ['c1', '0'],
        ['c1', '2'],
      ],
    );
  });

  test('without a cursor to go on after, and for a refusal in its own words, the stream ends with an error', async () => {
    const early = await reader();
    await until(() => running.world.updates.readers === 1);
    running.world.updates.cut(new CallFailure('RESET', 'the socket ended at 10.0.0.7'));
    const broken = await early.next();
    assert.equal(broken.type, 'error');
    assert.match(JSON.stringify(broken), /SUBGRAPH_UNAVAILABLE.*|Resume it from its last cursor/);
    assert.doesNotMatch(JSON.stringify(broken), /10\.0\.0\.7/);
    const late = await reader('0');
    await until(() => running.world.updates.readers === 1);
    running.world.updates.cut(new GraphQLError('the log was cut', { extensions: { code: 'CURSOR_EXPIRED' } }));
    assert.match(JSON.stringify(await late.next()), /CURSOR_EXPIRED/);
  });

  test('F18 it completes for every reader when it is complete, after what was missed', async () => {
    running.world.updates.append(3);
    const readers = [await reader('0'), await reader('0'), await reader('1')];
    await until(() => readers.every((one) => numbersIn(one).at(-1) === 3));
    running.world.updates.complete();
    await until(() => readers.every(({ received }) => received.at(-1)?.type === 'complete'));
    assert.deepEqual(numbersIn(readers[1] as TestSocket), [1, 2, 3]);
    assert.equal(running.world.updates.readers, 0);
  });

  test('another supergraph takes over, and streams go on', async () => {
    const first = await reader();
    await until(() => running.world.updates.readers === 1);
    running.world.updates.append();
    await until(() => numbersIn(first).length === 1);
    const { composeFixture } = await import('../fixture/supergraph.ts');
    await running.gateway.loadSupergraph(`${composeFixture()}\n# another`);
    const second = await reader();
    await appendUntil(() => numbersIn(second).length > 0);
    await until(() => numbersIn(first).at(-1) === numbersIn(second).at(-1));
    assert.deepEqual(numbersIn(first), upTo(numbersIn(first).length));
    await until(() => running.world.updates.readers === 1);
  });

  test('another supergraph that takes away what a stream shows takes it from open streams too, and from those alone it concerns', async () => {
    const { composeFixture } = await import('../fixture/supergraph.ts');
    const { salesSchema } = await import('../fixture/salesSchema.ts');
    const [nobody, somebody] = [await reader('0'), await reader('0', { token: await running.issuer.sign() })];
    running.world.updates.append(2);
    await until(() => [nobody, somebody].every((one) => numbersIn(one).length === 2));
    const guarded = salesSchema.replace(
      'updates(conversationId: ID!, after: String): Update',
      'updates(conversationId: ID!, after: String): Update @authenticated',
    );
    assert.notEqual(guarded, salesSchema);
    await running.gateway.loadSupergraph(composeFixture({ sales: guarded }));
    await until(() => nobody.received.at(-1)?.type === 'error');
    assert.match(JSON.stringify(nobody.received.at(-1)), /UNAUTHENTICATED/);
    running.world.updates.append();
    await until(() => numbersIn(somebody).length === 3);
    assert.deepEqual(numbersIn(somebody), [1, 2, 3]);
    await running.gateway.loadSupergraph(
      composeFixture({ sales: salesSchema.replace('updates(conversationId: ID!, after: String): Update', '') }),
    );
    await until(() => somebody.received.at(-1)?.type === 'error');
    assert.match(JSON.stringify(somebody.received.at(-1)), /GRAPHQL_VALIDATION_FAILED/);
    await until(() => running.world.updates.readers === 0);
  });
});
