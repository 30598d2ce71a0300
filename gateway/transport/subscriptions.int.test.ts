import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { turns } from '../fixture/data.ts';
import { type Running, startFixture } from '../fixture/gateway.ts';
import { openSocket, type TestSocket } from '../fixture/socket.ts';

const subscribe = (id: string, query: string, more: object = {}) => ({
  type: 'subscribe',
  id,
  payload: { query, ...more },
});
const errorCode = ({ payload }: { payload?: unknown }): unknown =>
  (payload as { extensions?: { code?: unknown } }[] | undefined)?.[0]?.extensions?.code;
const turnsQuery = 'subscription { turnAdded(conversationId: "c1") { id reply { model } } }';

/** Live turns that end when told to. */
const endless = () => {
  let stop = (): void => {};
  const stopped = new Promise<void>((resolve) => {
    stop = resolve;
  });
  const stream = async function* () {
    yield turns[0];
    await stopped;
  };
  return { stream, stop: () => stop() };
};
const until = async (condition: () => boolean): Promise<void> => {
  for (let i = 0; i < 100 && !condition(); i++) await delay(20);
  assert.ok(condition());
};

describe('E: GraphQL over WebSocket', () => {
  let running: Running;
  let open: (options?: Parameters<typeof openSocket>[1]) => Promise<TestSocket>;
  let ready: (payload?: unknown) => Promise<TestSocket>;
  const sockets: TestSocket[] = [];
  before(async () => {
    running = await startFixture({
      env: { NODE_ENV: 'production', GATEWAY_ALLOWED_ORIGINS: 'https://console.example' },
      limits: { initTimeoutMs: 300 },
    });
    open = async (options) => {
      const socket = await openSocket(running.gateway.url, options);
      sockets.push(socket);
      return socket;
    };
    ready = async (payload) => {
      const socket = await open();
      assert.equal((await socket.init(payload)).type, 'connection_ack');
      return socket;
    };
  });
  beforeEach(() => {
    const { stream } = {
      stream: async function* () {
        yield* turns;
      },
    };
    running.world.turnStream = stream;
    running.world.sabotage = null;
  });
  after(async () => {
    for (const { socket } of sockets) socket.terminate();
    await running.gateway.close();
  });

  test('C28 a subscription whose events get their rest from another subgraph, in order, then complete', async () => {
    const socket = await ready();
    running.world.sabotage = (name, { variables }) => {
      if (name !== 'agent') return undefined;
      // The first event's rest is the slowest.
      const text = JSON.stringify(variables);
      return delay(text.includes('t1') ? 80 : 1).then(() => ({
        data: { _entities: [{ reply: { model: text.slice(-6, -3) } }] },
      }));
    };
    socket.send(subscribe('1', turnsQuery));
    const ids: unknown[] = [];
    for (const _ of turns)
      ids.push(((await socket.next()).payload as { data: { turnAdded: { id: string } } }).data.turnAdded.id);
    assert.deepEqual(ids, ['t1', 't2', 't3', 't4']);
    assert.deepEqual(await socket.next(), { id: '1', type: 'complete' });
    assert.equal(running.world.openStreams, 0);
  });

  test('an event whose rest fails comes with nulls and an error, and the stream goes on', async () => {
    const socket = await ready();
    let calls = 0;
    running.world.sabotage = (name) =>
      name === 'agent' && ++calls === 1 ? Promise.reject(new Error('down')) : undefined;
    socket.send(subscribe('1', turnsQuery));
    const first = (await socket.next()).payload as {
      data: unknown;
      errors: { path: unknown; extensions: { code: string } }[];
    };
    assert.deepEqual(first.data, { turnAdded: { id: 't1', reply: null } });
    assert.deepEqual(first.errors[0]?.path, ['turnAdded', 'reply']);
    assert.equal(first.errors[0]?.extensions.code, 'SUBGRAPH_UNAVAILABLE');
    assert.deepEqual((await socket.next()).payload, { data: { turnAdded: { id: 't2', reply: null } } });
  });

  test('upstream: an error in the stream is an error message with its code; a refusal to start too', async () => {
    const socket = await ready();
    socket.send(subscribe('1', 'subscription { count(to: 3, failAt: 2) }'));
    assert.deepEqual((await socket.next()).payload, { data: { count: 1 } });
    const failed = await socket.next();
    assert.equal(failed.type, 'error');
    assert.equal(errorCode(failed), 'CURSOR_EXPIRED');
    socket.send(subscribe('2', 'subscription { neverStarts }'));
    assert.equal(errorCode(await socket.next()), 'NOT_FOUND');
    socket.send(subscribe('3', '{ motd }'));
    assert.deepEqual((await socket.next()).payload, { data: { motd: 'hello' } });
  });

  test('E01-E03: wrong and legacy subprotocols are 4406', async () => {
    for (const protocol of ['graphql-ws', 'other']) {
      const socket = await open({ protocol }).catch((error: Error) => error);
      if (!(socket instanceof Error)) assert.equal((await socket.closed).code, 4406);
    }
  });

  test('E04 E05 E06: subscribe before init 4401, no init 4408, two inits 4429', async () => {
    const early = await open();
    early.send(subscribe('1', '{ motd }'));
    assert.equal((await early.closed).code, 4401);
    assert.equal((await (await open()).closed).code, 4408);
    const twice = await ready();
    twice.send({ type: 'connection_init' });
    assert.equal((await twice.closed).code, 4429);
  });

  test('E07-E11 E27 E28: what is no message is 4400, a live id used again 4409', async () => {
    for (const text of [
      'no json',
      '{"type":"nope"}',
      '{"type":"subscribe","payload":{"query":"{motd}"}}',
      '{"type":"subscribe","id":"","payload":{"query":"{motd}"}}',
      '{"type":"subscribe","id":"1","payload":null}',
      '{"type":"subscribe","id":"1","payload":{"query":7}}',
    ]) {
      const socket = await ready();
      socket.send(text);
      assert.equal((await socket.closed).code, 4400, text);
    }
    const socket = await ready();
    running.world.turnStream = endless().stream;
    socket.send(subscribe('1', turnsQuery));
    socket.send(subscribe('1', turnsQuery));
    assert.equal((await socket.closed).code, 4409);
  });

  test('E15 E16 E25 E26: a validation and a syntax error are error messages, and the socket and its other streams stay', async () => {
    const socket = await ready();
    const { stream, stop } = endless();
    running.world.turnStream = stream;
    socket.send(subscribe('live', turnsQuery));
    await socket.next();
    socket.send(subscribe('1', '{ nope }'));
    assert.equal(errorCode(await socket.next()), 'GRAPHQL_VALIDATION_FAILED');
    socket.send(subscribe('2', '{'));
    assert.equal(errorCode(await socket.next()), 'GRAPHQL_PARSE_FAILED');
    socket.send(subscribe('3', 'query A { motd } query B { motd }'));
    assert.equal(errorCode(await socket.next()), 'OPERATION_RESOLUTION_FAILURE');
    socket.send(subscribe('4', 'query($id: ID!) { user(id: $id) { name } }', { variables: { id: { a: 'SECRET' } } }));
    const wrong = await socket.next();
    assert.equal(errorCode(wrong), 'BAD_USER_INPUT');
    assert.doesNotMatch(JSON.stringify(wrong), /SECRET/);
    stop();
    assert.deepEqual(await socket.next(), { id: 'live', type: 'complete' });
  });

  test('E12 E20 E24 E29: ids again, pings, operation names, mutations', async () => {
    const socket = await ready();
    for (let i = 0; i < 2; i++) {
      socket.send(subscribe('1', 'query A { motd } query B { version }', { operationName: 'B' }));
      assert.deepEqual(await socket.next(), { id: '1', type: 'next', payload: { data: { version: '1' } } });
      assert.equal((await socket.next()).type, 'complete');
    }
    socket.send({ type: 'ping', payload: { a: 1 } });
    assert.deepEqual(await socket.next(), { type: 'pong', payload: { a: 1 } });
    socket.send(subscribe('2', 'mutation { appendAuth(text: "ws") }'));
    assert.equal((await socket.next()).type, 'next');
  });

  test('E22: a refused credential is 4403; C22 E42: so is one that expires on an open socket', async () => {
    const refused = await open();
    refused.send({ type: 'connection_init', payload: { authorization: 'Bearer x' } });
    refused.send(subscribe('1', '{ motd }'));
    assert.ok([4401, 4403].includes((await refused.closed).code));
    assert.deepEqual(refused.received, []);
    const now = Math.floor(Date.now() / 1000);
    const socket = await ready({
      authorization: `Bearer ${await running.issuer.sign({ iat: now - 10, exp: now + 3 })}`,
    });
    socket.send(subscribe('1', '{ viewer { name } }'));
    assert.deepEqual((await socket.next()).payload, { data: { viewer: { name: 'Ada' } } });
    assert.deepEqual(await socket.closed, { code: 4403, reason: 'Forbidden' });
  });

  test('a subscription whose root is refused is an error message with the code', async () => {
    const socket = await ready();
    socket.send(subscribe('1', 'subscription { secretTurns { id } }'));
    const refused = await socket.next();
    assert.equal(refused.type, 'error');
    assert.equal(errorCode(refused), 'UNAUTHENTICATED');
  });

  test('E31: a message over the limit is 1009', async () => {
    const socket = await ready();
    socket.send(subscribe('1', `{ motd } #${'x'.repeat(600_000)}`));
    assert.equal((await socket.closed).code, 1009);
  });

  test('E32: the 51st operation on a socket is refused, the others live on', async () => {
    const socket = await ready();
    const { stream, stop } = endless();
    running.world.turnStream = stream;
    for (let i = 0; i < 51; i++)
      socket.send(subscribe(`s${i}`, 'subscription { turnAdded(conversationId: "c1") { id } }'));
    await until(() => socket.received.length >= 52);
    const refused = socket.received.filter(({ type }) => type === 'error');
    assert.deepEqual(
      refused.map((message) => [message.id, errorCode(message)]),
      [['s50', 'TOO_MANY_SUBSCRIPTIONS']],
    );
    stop();
  });

  test('E33: a foreign Origin is refused at the upgrade; ours and no Origin are not', async () => {
    await assert.rejects(openSocket(running.gateway.url, { origin: 'https://evil.example' }), /403/);
    for (const origin of ['https://console.example', new URL(running.gateway.url).origin])
      (await open({ origin })).socket.close();
    await assert.rejects(openSocket(running.gateway.url.replace('/graphql', '/other')), /404/);
  });

  test('E35-E38: introspection, limits, masking and suggestions as over HTTP', async () => {
    const socket = await ready();
    socket.send(subscribe('1', '{ __schema { queryType { name } } }'));
    assert.equal(errorCode(await socket.next()), 'INTROSPECTION_DISABLED');
    socket.send(subscribe('2', `{ ${Array.from({ length: 150 }, (_, n) => `a${n}: __typename`).join(' ')} }`));
    assert.match(String(errorCode(await socket.next())), /_LIMIT_EXCEEDED$/);
    socket.send(subscribe('3', '{ modt }'));
    assert.doesNotMatch(JSON.stringify(await socket.next()), /Did you mean/);
    running.world.sabotage = () => Promise.reject(new Error('SELECT secret'));
    socket.send(subscribe('4', '{ motd }'));
    const masked = await socket.next();
    assert.doesNotMatch(JSON.stringify(masked), /SELECT/);
    assert.match(JSON.stringify(masked), /errorId/);
  });

  test('E43: an init of 1 MB is refused before it is read', async () => {
    const socket = await open();
    socket.send({ type: 'connection_init', payload: { junk: 'x'.repeat(100_000) } });
    assert.equal((await socket.closed).code, 4400);
  });

  test('E46: binary frames are not spoken here', async () => {
    const socket = await ready();
    socket.socket.send(Buffer.from([1, 2, 3]));
    assert.equal((await socket.closed).code, 1003);
  });

  test('E47: a persisted-only key: no free text, but its own documents', async () => {
    const secret = running.addApiKey(['persisted'], 'partner-1');
    const hash = running.publish('subscription { count(to: 1) }', 'partner-1');
    const socket = await ready({ authorization: `Bearer ${secret}` });
    socket.send(subscribe('1', 'subscription { count(to: 1) }'));
    assert.equal(errorCode(await socket.next()), 'PERSISTED_QUERY_ONLY');
    socket.send({ type: 'subscribe', id: '2', payload: { documentId: `sha256:${hash}` } });
    assert.deepEqual((await socket.next()).payload, { data: { count: 1 } });
    assert.equal((await socket.next()).type, 'complete');
    socket.send({ type: 'subscribe', id: '3', payload: { documentId: 'sha256:x' } });
    assert.equal(errorCode(await socket.next()), 'PERSISTED_QUERY_BAD_HASH');
  });

  test('F16: whoever completes or leaves frees the stream upstream, even while it waits', async () => {
    running.world.turnStream = endless().stream;
    const socket = await ready();
    const query = 'subscription($id: ID!) { turnAdded(conversationId: $id) { id reply { model } } }';
    for (let i = 0; i < 10; i++) socket.send(subscribe(`a${i}`, query, { variables: { id: `c${i}` } }));
    await until(() => socket.received.length === 11);
    assert.equal(running.world.openStreams, 10);
    socket.send({ type: 'complete', id: 'a0' });
    await until(() => running.world.openStreams === 9);
    socket.socket.terminate();
    await until(() => running.world.openStreams === 0);
    const early = await ready();
    for (let i = 0; i < 1000; i++) {
      early.send(subscribe('x', turnsQuery));
      early.send({ type: 'complete', id: 'x' });
    }
    early.send(subscribe('x', 'subscription { count(to: 2) }'));
    // An earlier `x` may still have sent its event before it heard that it was completed; the last one is whole.
    await until(() => early.received.at(-1)?.type === 'complete');
    const payloads = early.received.slice(-3).map(({ payload }) => payload);
    assert.deepEqual(payloads, [{ data: { count: 1 } }, { data: { count: 2 } }, undefined]);
    assert.equal(early.received.filter(({ type }) => type === 'complete').length, 1);
    await until(() => running.world.openStreams === 0);
  });

  test('the reference client: iterate, and complete by breaking off', async () => {
    const client = createClient({
      url: running.gateway.url.replace('http', 'ws'),
      webSocketImpl: WebSocket,
      connectionParams: async () => ({ authorization: `Bearer ${await running.issuer.sign()}` }),
    });
    running.world.turnStream = endless().stream;
    for await (const { data } of client.iterate({ query: turnsQuery })) {
      assert.deepEqual(data, { turnAdded: { id: 't1', reply: { model: 'small' } } });
      break;
    }
    await until(() => running.world.openStreams === 0);
    await client.dispose();
  });
});

describe('F: a reader that does not keep up', () => {
  test('F04 F05: what waits for it is bounded; it is told to resume with 1013, and its streams end', async () => {
    const running = await startFixture({ limits: { socketQueueBytes: 256 * 1024 } });
    let sent = 0;
    running.world.turnStream = async function* () {
      for (; sent < 100_000; sent++) {
        yield { ...turns[0], text: 'x'.repeat(4000) };
        await new Promise(setImmediate);
      }
    };
    const socket = await openSocket(running.gateway.url);
    await socket.init();
    socket.socket.pause();
    socket.send(subscribe('1', 'subscription { turnAdded(conversationId: "c1") { id text } }'));
    await until(() => running.world.openStreams === 1);
    for (let i = 0; i < 500 && running.world.openStreams > 0; i++) await delay(20);
    assert.equal(running.world.openStreams, 0);
    assert.ok(sent < 20_000, `${sent} events taken`);
    socket.socket.resume();
    assert.deepEqual(await socket.closed, { code: 1013, reason: 'resume from your last cursor' });
    await running.gateway.close();
  });

  test('close() says 1001 to every socket and ends every stream', async () => {
    const running = await startFixture();
    running.world.turnStream = endless().stream;
    const socket = await openSocket(running.gateway.url);
    await socket.init();
    socket.send(subscribe('1', turnsQuery));
    await socket.next();
    await running.gateway.close();
    assert.equal((await socket.closed).code, 1001);
    assert.equal(running.world.openStreams, 0);
  });
});
