import assert from 'node:assert/strict';
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { deflateRawSync } from 'node:zlib';
import { type Running, startFixture } from '../fixture/gateway.ts';
import { openSocket, type TestSocket } from '../fixture/socket.ts';

const subscribe = (id: string, query: string) => ({ type: 'subscribe', id, payload: { query } });
const until = async (condition: () => boolean): Promise<void> => {
  for (let i = 0; i < 200 && !condition(); i++) await delay(10);
  assert.ok(condition());
};

describe('E: sockets that ask for trouble', () => {
  let running: Running;
  const sockets: TestSocket[] = [];
  const open = async (path = ''): Promise<TestSocket> => {
    const socket = await openSocket(`${running.gateway.url}${path}`);
    sockets.push(socket);
    return socket;
  };
  const ready = async (): Promise<TestSocket> => {
    const socket = await open();
    await socket.init();
    return socket;
  };
  before(async () => {
    running = await startFixture({ limits: { initTimeoutMs: 400 } });
  });
  after(async () => {
    for (const { socket } of sockets) socket.terminate();
    await running.gateway.close();
  });

  /** The upgrade as bytes of our choice, and what comes back first. */
  const upgrade = (path: string, headers: Record<string, string> = {}): Promise<{ status: number; accepted: string }> =>
    new Promise((resolve, reject) => {
      const request = httpRequest(new URL(path, running.gateway.url), {
        headers: {
          connection: 'Upgrade',
          upgrade: 'websocket',
          'sec-websocket-version': '13',
          'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
          'sec-websocket-protocol': 'graphql-transport-ws',
          ...headers,
        },
      });
      request.once('upgrade', (response, socket) => {
        socket.destroy();
        resolve({ status: 101, accepted: String(response.headers['sec-websocket-extensions'] ?? '') });
      });
      request.once('response', (response) => resolve({ status: response.statusCode ?? 0, accepted: '' }));
      request.once('error', reject);
      request.end();
    });
  const isAlive = async (): Promise<void> =>
    assert.deepEqual((await running.post({ query: '{ motd }' })).body, { data: { motd: 'hello' } });

  test('E13 E14 a query is one answer and complete; a stream comes in order', async () => {
    const socket = await ready();
    socket.send(subscribe('q', '{ motd }'));
    assert.deepEqual(await socket.next(), { id: 'q', type: 'next', payload: { data: { motd: 'hello' } } });
    assert.deepEqual(await socket.next(), { id: 'q', type: 'complete' });
    socket.send(subscribe('s', 'subscription { count(to: 20) }'));
    for (let count = 1; count <= 20; count++)
      assert.deepEqual(await socket.next(), { id: 's', type: 'next', payload: { data: { count } } });
    assert.deepEqual(await socket.next(), { id: 's', type: 'complete' });
  });

  test('E17 a resolver’s error comes beside its data; the socket and what follows are fine', async () => {
    const socket = await ready();
    socket.send(subscribe('1', '{ motd broken }'));
    const { type, payload } = await socket.next();
    assert.equal(type, 'next');
    assert.deepEqual((payload as { data: unknown }).data, { motd: 'hello', broken: null });
    assert.equal((await socket.next()).type, 'complete');
    socket.send(subscribe('2', '{ motd }'));
    assert.equal((await socket.next()).type, 'next');
  });

  test('E18 E19 a completed stream brings nothing more; completing what is not there changes nothing', async () => {
    const socket = await ready();
    socket.send(subscribe('1', 'subscription { updates(conversationId: "c1", after: "0") { number } }'));
    running.world.updates.append();
    assert.equal((await socket.next()).type, 'next');
    socket.send({ type: 'complete', id: '1' });
    socket.send({ type: 'complete', id: 'never was' });
    await until(() => running.world.updates.readers === 0);
    running.world.updates.append();
    socket.send(subscribe('2', '{ motd }'));
    assert.equal((await socket.next()).id, '2');
  });

  test('E21 E23 a ping before init is answered; what races a refused init gets no data ever', async () => {
    const early = await open();
    early.send({ type: 'ping' });
    assert.equal((await early.next()).type, 'pong');
    const racing = await open();
    racing.send({ type: 'connection_init', payload: { authorization: 'Bearer no-token' } });
    for (let i = 0; i < 20; i++) racing.send(subscribe(`${i}`, 'subscription { count(to: 1) }'));
    assert.ok([4401, 4403].includes((await racing.closed).code));
    assert.deepEqual(racing.received, []);
  });

  test('E30 50 operations at once on one socket: each its own answer and its own complete', async () => {
    const socket = await ready();
    for (let i = 0; i < 50; i++) socket.send(subscribe(`${i}`, `{ a${i}: motd }`));
    await until(() => socket.received.length === 101);
    for (let i = 0; i < 50; i++) {
      const mine = socket.received.filter(({ id }) => id === `${i}`);
      assert.deepEqual(
        mine.map(({ type }) => type),
        ['next', 'complete'],
      );
      assert.deepEqual(mine[0]?.payload, { data: { [`a${i}`]: 'hello' } });
    }
  });

  test('E34 sockets that never introduce themselves are dropped', async () => {
    const silent = await Promise.all(Array.from({ length: 40 }, () => open()));
    const codes = await Promise.all(silent.map(({ closed }) => closed));
    assert.deepEqual(new Set(codes.map(({ code }) => code)), new Set([4408]));
    await isAlive();
  });

  test('E39 an upgrade with 2,000 headers is refused, and we are alive', async () => {
    const many = Object.fromEntries(Array.from({ length: 2000 }, (_, i) => [`x-header-${i}`, 'value']));
    const answer = await upgrade('/graphql', many).catch((error: Error) => error);
    if (!(answer instanceof Error)) assert.equal(answer.status, 431);
    await isAlive();
  });

  test('E40 compression is not negotiated, and a compressed frame without it is a protocol error', async () => {
    const offered = await upgrade('/graphql', { 'sec-websocket-extensions': 'permessage-deflate' });
    assert.deepEqual(offered, { status: 101, accepted: '' });
    const { port, hostname } = new URL(running.gateway.url);
    const raw = connect(Number(port), hostname);
    raw.write(
      `GET /graphql HTTP/1.1\r\nhost: ${hostname}:${port}\r\nconnection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-protocol: graphql-transport-ws\r\n\r\n`,
    );
    const received: Buffer[] = [];
    raw.on('data', (chunk: Buffer) => received.push(chunk));
    await until(() => Buffer.concat(received).includes('\r\n\r\n'));
    const bomb = deflateRawSync(Buffer.alloc(100 * 1024, ' '));
    const head = Buffer.from([0xc1, 0x80 | 126, bomb.length >> 8, bomb.length & 255, 0, 0, 0, 0]);
    const closed = new Promise((resolve) => raw.once('close', resolve));
    raw.write(Buffer.concat([head, bomb]));
    await closed;
    // A close frame with 1002.
    assert.ok(Buffer.concat(received).includes(Buffer.from([0x03, 0xea])));
    await isAlive();
  });

  test('E41 a token in the URL is no credential, and is not logged', async () => {
    const token = await running.issuer.sign();
    const socket = await open(`?authorization=${encodeURIComponent(`Bearer ${token}`)}&token=${token}`);
    await socket.init();
    socket.send(subscribe('1', '{ viewer { name } }'));
    const { data, errors } = (await socket.next()).payload as { data: unknown; errors: { extensions: unknown }[] };
    assert.deepEqual(data, { viewer: null });
    assert.deepEqual(errors[0]?.extensions, { code: 'UNAUTHENTICATED' });
    assert.doesNotMatch(JSON.stringify(running.log), new RegExp(token.slice(-20)));
  });
});
