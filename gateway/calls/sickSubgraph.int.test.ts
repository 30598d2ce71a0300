import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { after, before, beforeEach, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { type HttpSubgraph, httpSubgraph } from '@parley/kernel/httpSubgraph';
import type { Answer } from '../execution/engine.ts';
import { type Bench, createBench } from '../fixture/engine.ts';
import { answering, head, healthy, type Sickness, type SickServer, startSickServer } from '../fixture/sickServer.ts';
import { silentLog } from '../log.ts';
import { createCallSubgraph, SubgraphFailure } from './subgraphRequest.ts';

const query = '{ motd version }';
/** Nothing a client gets tells where a subgraph is or what it wrote. */
const tellsNothing = /127\.0\.0\.1|localhost|secret|ECONN|socket|undici|stack|<html|redirect|:\d{4,5}/i;

/** auth over a real socket, and sick; sales in process, and well. */
describe('one subgraph misbehaves', () => {
  let sick: SickServer;
  let auth: HttpSubgraph;
  let bench: Bench;
  const alarms: object[] = [];
  before(async () => {
    sick = await startSickServer();
    auth = httpSubgraph({ name: 'auth', url: sick.url, secrets: null, answerBytes: 1024 * 1024 });
    bench = createBench({
      deadlineMs: 400,
      subgraphs: { auth },
      policies: { retry: true },
      log: { ...silentLog, error: (details) => void alarms.push(details) },
    });
  });
  after(async () => {
    await auth.close();
    await sick.close();
  });
  beforeEach(() => {
    sick.requests.length = 0;
    alarms.length = 0;
  });

  const assertMasked = ({ data, errors }: Answer, code: string, key = 'motd') => {
    assert.deepEqual(data, { [key]: null, version: '1' });
    assert.equal(errors?.length, 1);
    assert.deepEqual(errors?.[0]?.path, [key]);
    assert.equal(errors?.[0]?.extensions?.['code'], code);
    assert.doesNotMatch(JSON.stringify(errors), tellsNothing);
  };
  const never = () => {};
  const json = 'application/json';
  const body = '{"data":{"motd":"hello"}}';
  const cases: readonly [string, Sickness, string][] = [
    ['D01: never answers', never, 'UPSTREAM_TIMEOUT'],
    [
      'D02: a body that stops half way, the socket left open',
      (socket) => socket.write(`${head('200 OK', { 'content-type': json, 'content-length': 999 })}{"data":{`),
      'UPSTREAM_TIMEOUT',
    ],
    ['D06: 500 with HTML', answering('<html>secret</html>', '500 Oops', 'text/html'), 'SUBGRAPH_UNAVAILABLE'],
    ['D06: 503 with JSON', answering('{"errors":[{"message":"secret"}]}', '503 Busy'), 'SUBGRAPH_UNAVAILABLE'],
    ['D07: 401', answering('{"errors":[{"message":"secret"}]}', '401 No'), 'SUBGRAPH_UNAVAILABLE'],
    ['D07: 403', answering('secret', '403 No', 'application/graphql-response+json'), 'SUBGRAPH_UNAVAILABLE'],
    ['D08: 200 with HTML', answering('<html>secret</html>', '200 OK', 'text/html'), 'SUBGRAPH_INVALID_RESPONSE'],
    ['D08: two content types', answering(body, '200 OK', `${json}, text/html`), 'SUBGRAPH_INVALID_RESPONSE'],
    ['D08: JSON that is none', answering('<html>secret</html>'), 'SUBGRAPH_INVALID_RESPONSE'],
    ['D12: errors that are no list', answering('{"errors":"secret"}'), 'SUBGRAPH_INVALID_RESPONSE'],
    [
      'D13: a body of 20 MB that says so',
      (socket) => {
        socket.write(head('200 OK', { 'content-type': json, 'content-length': 20e6 }));
        socket.write(Buffer.alloc(1e6, 'x'));
      },
      'SUBGRAPH_INVALID_RESPONSE',
    ],
    [
      'D13: a body of 20 MB that does not say so',
      (socket) => {
        socket.write(head('200 OK', { 'content-type': json, 'transfer-encoding': 'chunked' }));
        for (let mb = 0; mb < 20; mb++) socket.write(`f4240\r\n${'x'.repeat(1e6)}\r\n`);
      },
      'SUBGRAPH_INVALID_RESPONSE',
    ],
    ['D14: an array', answering('[]'), 'SUBGRAPH_INVALID_RESPONSE'],
    ['D14: nothing', answering(''), 'SUBGRAPH_INVALID_RESPONSE'],
    ['D14: null', answering('null'), 'SUBGRAPH_INVALID_RESPONSE'],
    ['not HTTP', (socket) => socket.end('SSH-2.0-secret\r\n'), 'SUBGRAPH_INVALID_RESPONSE'],
  ];
  for (const [title, sickness, code] of cases)
    test(`${title}: masked, the rest of the answer stands`, async () => {
      sick.sickness = sickness;
      assertMasked(await bench.run(query), code);
      assert.equal(sick.requests.length, 1, 'was asked once');
      assert.equal(alarms.length, 1);
    });

  test('D03, D17: late, or in pieces of one byte, it is served', async () => {
    sick.sickness = async (socket, request) => {
      await delay(100);
      healthy(socket, request);
    };
    assert.deepEqual((await bench.run(query)).data, { motd: 'hello', version: '1' });
    sick.sickness = async (socket) => {
      socket.setNoDelay(true);
      for (const byte of head('200 OK', { 'content-type': json, 'content-length': body.length }) + body) {
        socket.write(byte);
        await delay(0);
      }
    };
    assert.deepEqual((await bench.run(query)).data, { motd: 'hello', version: '1' });
  });

  test('D04: a connection that is reset, before or within the answer, is tried once more', async () => {
    const resets: readonly Sickness[] = [
      (socket) => socket.resetAndDestroy(),
      (socket) => socket.end(),
      (socket) => {
        socket.write(`${head('200 OK', { 'content-type': json, 'content-length': 999 })}{"data":{`);
        setTimeout(() => socket.resetAndDestroy(), 20);
      },
    ];
    for (const reset of resets) {
      sick.requests.length = 0;
      sick.sickness = (socket, request) =>
        sick.requests.length === 1 ? reset(socket, request) : healthy(socket, request);
      assert.deepEqual((await bench.run(query)).data, { motd: 'hello', version: '1' });
      assert.equal(sick.requests.length, 2);
    }
    sick.requests.length = 0;
    sick.sickness = (socket) => socket.resetAndDestroy();
    assertMasked(await bench.run(query), 'SUBGRAPH_UNAVAILABLE');
    assert.equal(sick.requests.length, 2);
  });

  test('D22: a mutation whose connection breaks is not tried again, and its outcome is said to be unknown', async () => {
    sick.sickness = (socket) => socket.resetAndDestroy();
    const { data, errors } = await bench.run('mutation { appendAuth(text: "x") }');
    assert.deepEqual(data, { appendAuth: null });
    assert.equal(errors?.[0]?.extensions?.['outcome'], 'UNKNOWN');
    assert.equal(sick.requests.length, 1);
  });

  test('D22: identical mutations at once are two calls, also where nobody said that they are mutations', async () => {
    sick.sickness = answering('{"data":{"appendAuth":1}}');
    const call = createCallSubgraph({ auth }, 400, silentLog, { retry: true, deduplicate: true });
    const operation = { query: 'mutation { appendAuth(text: "x") }' };
    const by = { actor: null, requestId: 'r' };
    await Promise.all([call('auth', operation, by), call('auth', operation, by)]);
    assert.equal(sick.requests.length, 2);
    sick.sickness = (socket) => socket.resetAndDestroy();
    await assert.rejects(
      call('auth', operation, by),
      (error) => error instanceof SubgraphFailure && error.extensions['outcome'] === 'UNKNOWN',
    );
    assert.equal(sick.requests.length, 3);
  });

  test('D07: refused calls raise an alarm that names what to look at', async () => {
    const messages: string[] = [];
    const { run } = createBench({
      subgraphs: { auth },
      log: { ...silentLog, error: (_details, message) => void messages.push(message) },
    });
    sick.sickness = answering('', '401 Unauthorized');
    await run(query);
    assert.match(messages[0] ?? '', /SUBGRAPH_SECRET/);
  });

  test('D09: a redirect is refused, and where it points is never asked', async () => {
    const elsewhere = await startSickServer();
    for (const status of ['301 M', '302 F', '303 S', '307 T', '308 P']) {
      sick.sickness = answering('', status, json, { location: elsewhere.url });
      assertMasked(await bench.run(query), 'SUBGRAPH_INVALID_RESPONSE');
    }
    assert.equal(elsewhere.requests.length, 0);
    await elsewhere.close();
  });

  test('D10: null where the schema forbids it comes with one error and its path', async () => {
    sick.sickness = answering('{"data":{"user":{"id":"u1","name":null}}}');
    const { data, errors } = await bench.run('{ user(id: "u1") { name } version }');
    assert.deepEqual(data, { user: null, version: '1' });
    assert.equal(errors?.length, 1);
    sick.sickness = answering('{"data":null}');
    assertMasked(await bench.run(query), 'SUBGRAPH_INVALID_RESPONSE');
  });

  test('D11: a value of the wrong type is null with an error that does not echo it', async () => {
    sick.sickness = answering('{"data":{"motd":["secret"]}}');
    const { data, errors } = await bench.run(query);
    assert.deepEqual(data, { motd: null, version: '1' });
    assert.doesNotMatch(JSON.stringify(errors), tellsNothing);
  });

  test('D15: __proto__ in a body is dropped', async () => {
    sick.sickness = answering('{"data":{"motd":"hello","__proto__":{"polluted":1}},"__proto__":{"polluted":1}}');
    assert.deepEqual((await bench.run(query)).data, { motd: 'hello', version: '1' });
    assert.equal(({} as { polluted?: number }).polluted, undefined);
  });

  test('D24: connections to a place that has fallen silent are given up for new ones', async () => {
    const old = new Set<Socket>();
    sick.sickness = async (socket, request) => {
      old.add(socket);
      await delay(50);
      healthy(socket, request);
    };
    const fresh = httpSubgraph({ name: 'auth', url: sick.url, secrets: null });
    const call = createCallSubgraph({ auth: fresh }, 300, silentLog);
    const ask = () => call('auth', { query: '{ motd }' }, { actor: null, requestId: 'r' });
    await Promise.all(Array.from({ length: 8 }, ask));
    assert.equal(old.size, 8);
    await delay(1000);
    sick.sickness = (socket, request) => (old.has(socket) ? undefined : healthy(socket, request));
    await assert.rejects(ask());
    for (let n = 0; n < 8; n++) assert.ok((await ask()).data);
    await fresh.close();
  });

  test('headers of the client reach a foreign subgraph only where the gateway passes them on (C09)', async () => {
    sick.requests.length = 0;
    await auth.execute({
      query: '{ motd }',
      actor: { tenantId: 'tenant-1' } as never,
      requestId: 'r-1',
      headers: { authorization: 'Bearer x' },
    });
    const [request = ''] = sick.requests;
    assert.match(request, /authorization: Bearer x/i);
    assert.match(request, /x-request-id: r-1/i);
    assert.doesNotMatch(request, /parley|tenant/i);
  });
});
