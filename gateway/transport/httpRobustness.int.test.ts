import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { type Running, startFixture } from '../fixture/gateway.ts';
import { openSocket } from '../fixture/socket.ts';

const json = { 'content-type': 'application/json' };
const codeOf = ({ body }: { body: { errors?: { extensions?: { code?: string } }[] } }) =>
  body.errors?.[0]?.extensions?.code;
const portOf = ({ gateway }: Running): number => Number(new URL(gateway.url).port);
const open = async (running: Running): Promise<Socket> => {
  const socket = connect(portOf(running), '127.0.0.1');
  await once(socket, 'connect');
  return socket;
};
/** Everything the gateway says on a connection until it closes it. */
const spoken = async (socket: Socket, text: string): Promise<string> => {
  let said = '';
  socket.setEncoding('utf8').on('data', (chunk) => {
    said += chunk;
  });
  socket.on('error', () => {}).write(text);
  await once(socket, 'close');
  return said;
};

describe('A: bytes that are no request of ours', () => {
  let running: Running;
  before(async () => {
    running = await startFixture({ limits: { bodyBytes: 20_000 } });
  });
  after(() => running.gateway.close());
  const body = '{"query":"mutation { appendAuth(text: \\"smuggled\\") }"}';
  const head = (...lines: string[]) =>
    ['POST /graphql HTTP/1.1', 'host: x', 'content-type: application/json', ...lines, '', ''].join('\r\n');
  const length = `content-length: ${body.length}`;

  const smuggled: Readonly<Record<string, string>> = {
    'two ways to say the length': `${head(length, 'transfer-encoding: chunked')}0\r\n\r\n${head(length)}${body}`,
    'two lengths': `${head(length, 'content-length: 3')}${body}`,
    'an unknown transfer coding': `${head('transfer-encoding: xchunked')}${body}`,
    'chunked, and then not': `${head('transfer-encoding: chunked, identity')}${body}`,
    'a space before a colon': `${head(`content-length : ${body.length}`)}${body}`,
    'bare line feeds': `${head(length).replaceAll('\r\n', '\n')}${body}`,
    'one bare line feed': `${head('x-a: b\nx-b: c', length)}${body}`,
    'a bare carriage return': `${head('x-a: b\rx-b: c', length)}${body}`,
    'a folded header': `${head('x-a: b\r\n c', length)}${body}`,
    'a bare line feed after a chunk size': `${head('transfer-encoding: chunked')}36\n${body}\r\n0\r\n\r\n`,
    'a line feed in a chunk extension': `${head('transfer-encoding: chunked')}36;a=\n\r\n${body}\r\n0\r\n\r\n`,
    'a NUL byte in the path': 'GET /gra\u0000phql HTTP/1.1\r\nhost: x\r\n\r\n',
    'no host': `POST /graphql HTTP/1.1\r\n${length}\r\n\r\n${body}`,
    'another protocol': '\u0016\u0003\u0001\u0002',
  };
  for (const [what, bytes] of Object.entries(smuggled))
    test(`A21: ${what} is a 400 and the end of the connection`, async () => {
      const said = await spoken(await open(running), bytes);
      assert.match(said, /^HTTP\/1\.1 400 /);
      assert.match(said, /connection: close/i);
      assert.equal(said.match(/^HTTP\/1\.1 /gm)?.length, 1, 'nothing after it is answered');
      assert.deepEqual(running.world.log, []);
    });

  test('A21: two hosts are a 400', async () => {
    assert.match(await spoken(await open(running), `${head('host: y', length)}${body}`), /^HTTP\/1\.1 400 /);
    assert.deepEqual(running.world.log, []);
  });

  test('A03 A29: what the parser refuses is answered in JSON, without a stack', async () => {
    const said = await spoken(await open(running), `GET / HTTP/1.1\r\nhost: x\r\nx: ${'a'.repeat(20_000)}\r\n\r\n`);
    assert.match(said, /^HTTP\/1\.1 431 /);
    assert.match(said, /x-content-type-options: nosniff/);
    assert.deepEqual(JSON.parse(said.slice(said.indexOf('\r\n\r\n'))), {
      errors: [
        {
          message: 'The headers of a request may have at most 16 KiB.',
          extensions: { code: 'HEADERS_TOO_LARGE' },
        },
      ],
    });
  });

  test('A05: a gzip bomb is refused by its header, not inflated', async () => {
    const bomb = gzipSync(Buffer.alloc(5_000_000));
    const reply = await running.send('POST', '/graphql', {
      headers: { ...json, 'content-encoding': 'gzip' },
      body: bomb,
    });
    assert.equal(reply.status, 415);
  });

  test('A13: of two equal keys the last counts, in the body as in what is logged; two equal parameters are a 400', async () => {
    const reply = await running.post('{"query":"{ motd }","query":"query Last { version }"}');
    assert.deepEqual(reply.body, { data: { version: '1' } });
    await delay(20);
    assert.match(JSON.stringify(running.log), /"operation":"Last"/);
    const get = await running.send('GET', '/graphql?query={motd}&query={version}', {
      headers: { 'apollo-require-preflight': '1' },
    });
    assert.equal(get.status, 400);
  });

  test('A14: keys we do not know are nothing to us; extensions count towards the size', async () => {
    const reply = await running.post(
      '{"query":"{ motd }","foo":{"a":[1]},"__proto__":{"query":"{ version }"},"extensions":{"x":1}}',
    );
    assert.deepEqual(reply.body, { data: { motd: 'hello' } });
    const big = await running.post({ query: '{ motd }', extensions: { x: 'x'.repeat(1_000_000) } });
    assert.equal(big.status, 413);
  });

  test('A17: numbers that JSON or GraphQL cannot carry are a 400', async () => {
    const first = (value: string) =>
      running.post(`{"query":"query($n: Int) { conversations(first: $n) { id } }","variables":{"n":${value}}}`);
    for (const value of ['2147483648', '-2147483649', '1e999', '1.5', '"NaN"', 'NaN', 'Infinity'])
      assert.equal((await first(value)).status, 400, value);
    assert.equal((await first('-0')).status, 200);
    for (const literal of ['2147483648', '1e999', 'NaN'])
      assert.equal((await running.post({ query: `{ conversations(first: ${literal}) { id } }` })).status, 400, literal);
    assert.equal((await running.post({ query: '{ search(text: "\\ud800") { __typename } }' })).status, 400);
  });

  test('A18: an id is compared exactly, whatever it looks like', async () => {
    const user = (id: unknown) =>
      running.post({ query: 'query($id: ID!) { user(id: $id) { name } }', variables: { id } });
    assert.deepEqual((await user('u1')).body, { data: { user: { name: 'Ada' } } });
    for (const id of ['U1', 'u１', 'u1\u200b', 'u1 ', 'x'.repeat(10_000), 1])
      assert.deepEqual((await user(id)).body, { data: { user: null } }, String(id).slice(0, 20));
    for (const id of [1.5, true, {}, ['u1', 'u2']]) assert.equal((await user(id)).status, 400, String(id));
  });

  test('A22: Host and forwarding headers of a stranger change nothing', async () => {
    const reply = await running.post(
      { query: '{ motd }' },
      {
        host: 'evil.example',
        'x-forwarded-for': '127.0.0.1',
        'x-forwarded-host': 'evil.example',
        'x-forwarded-proto': 'https',
        forwarded: 'for=127.0.0.1;host=evil.example',
        'x-original-url': '/metrics',
        'x-http-method-override': 'DELETE',
      },
    );
    assert.deepEqual(reply.body, { data: { motd: 'hello' } });
    assert.doesNotMatch(JSON.stringify(reply.headers), /evil/);
  });

  test('A27: an upload by multipart is refused unread', async () => {
    const parts = (name: string, content: string) =>
      `--b\r\ncontent-disposition: form-data; name="${name}"; filename="../../etc/passwd"\r\n\r\n${content}\r\n`;
    const upload = `${parts('operations', '{"query":"mutation { appendAuth(text: \\"x\\") }"}')}${parts('map', '{"0":["variables.__proto__"]}')}${parts('0', 'x')}--b--`;
    for (const extra of [{}, { 'apollo-require-preflight': '1' }]) {
      const reply = await running.send('POST', '/graphql', {
        headers: { 'content-type': 'multipart/form-data; boundary=b', ...extra },
        body: upload,
      });
      assert.ok(reply.status === 400 || reply.status === 415, String(reply.status));
    }
    assert.deepEqual(running.world.log, []);
  });

  test('every answer has the security headers, errors included', async () => {
    const replies = [
      await running.post({ query: '{ motd }' }),
      await running.post('{'),
      await running.send('GET', '/nope'),
      await running.send('PUT', '/graphql'),
      await running.send('GET', '/health/ready'),
    ];
    for (const { headers } of replies) {
      assert.equal(headers['x-content-type-options'], 'nosniff');
      assert.equal(headers['x-frame-options'], 'DENY');
      assert.equal(headers['referrer-policy'], 'no-referrer');
      assert.match(String(headers['content-security-policy']), /default-src 'none'/);
      assert.equal(headers['x-powered-by'], undefined);
      assert.equal(headers['server'], undefined);
    }
  });
});

describe('A: connections', () => {
  test('A19: slow headers, and none at all, are closed', async () => {
    const running = await startFixture({ limits: { headersTimeoutMs: 200, requestTimeoutMs: 400 } });
    const slow = await open(running);
    const said = await spoken(slow, 'POST /graphql HTTP/1.1\r\nhost: x\r\n');
    assert.match(said, /^HTTP\/1\.1 408 /);
    const silent = await open(running);
    await once(silent.resume(), 'close');
    await running.gateway.close();
  });

  test('A20 M13: past the limit a connection is closed at once, and those that are there stay served', async () => {
    const running = await startFixture({ limits: { connections: 3 } });
    const get = 'GET /health/live HTTP/1.1\r\nhost: x\r\n\r\n';
    const kept = [await open(running), await open(running)];
    const live = await openSocket(running.gateway.url);
    for (let n = 0; n < 5; n++) assert.equal(await spoken(await open(running), get), '');
    for (const socket of kept) {
      socket.write(get);
      assert.match(String(await once(socket, 'data')), /^HTTP\/1\.1 200 /);
    }
    await live.init();
    kept[0]?.destroy();
    await delay(50);
    assert.match(
      await spoken(await open(running), get.replace('\r\n\r\n', '\r\nconnection: close\r\n\r\n')),
      /^HTTP\/1\.1 200 /,
    );
    kept[1]?.destroy();
    live.socket.close();
    await running.gateway.close();
  });
});

describe('readiness and liveness', () => {
  test('M11: liveness asks nobody; readiness says no when what it asks fails or hangs, and asks seldom', async () => {
    let asked = 0;
    let check = async (): Promise<{ ok: boolean; detail: unknown }> => Promise.reject(new Error('postgres://secret'));
    const running = await startFixture({
      ready: () => {
        asked += 1;
        return check();
      },
    });
    assert.equal((await running.send('GET', '/health/live')).status, 200);
    assert.equal(asked, 0);
    const failed = await running.send('GET', '/health/ready');
    assert.equal(failed.status, 503);
    assert.doesNotMatch(failed.text, /secret/);
    await Promise.all(Array.from({ length: 20 }, () => running.send('GET', '/health/ready')));
    assert.equal(asked, 1);
    check = () => new Promise(() => {});
    await delay(600);
    assert.equal((await running.send('GET', '/health/ready')).status, 503);
    assert.equal((await running.send('GET', '/health/live')).status, 200);
    await running.gateway.close();
  });

  test('M02: told to stop, it is unready first and goes on serving; what comes then is answered', async () => {
    const running = await startFixture({ limits: { unreadyMs: 300 } });
    const closing = running.gateway.close();
    const ready = await running.send('GET', '/health/ready');
    assert.deepEqual([ready.status, ready.body.detail], [503, 'draining']);
    assert.equal((await running.send('GET', '/health/live')).status, 200);
    assert.deepEqual((await running.post({ query: '{ motd }' })).body, { data: { motd: 'hello' } });
    await closing;
    await assert.rejects(running.send('GET', '/health/live'));
  });

  test('M08: while the event loop is late new work is turned away with 503 and Retry-After, health stays as it was', async () => {
    const running = await startFixture({ limits: { latenessMs: 20 } });
    const socket = await openSocket(running.gateway.url);
    await socket.init();
    const block = (ms: number): void => {
      for (const until = performance.now() + ms; performance.now() < until; );
    };
    let shed: Awaited<ReturnType<Running['post']>> | undefined;
    for (let n = 0; n < 100 && shed === undefined; n++) {
      block(150);
      const reply = await running.post({ query: '{ motd }' });
      assert.equal((await running.send('GET', '/health/ready')).status, 200);
      if (reply.status === 503) shed = reply;
    }
    assert.equal(codeOf(shed ?? { body: {} }), 'OVERLOADED');
    assert.equal(shed?.headers['retry-after'], '1');
    let refused = false;
    for (let n = 0; n < 100 && !refused; n++) {
      block(150);
      socket.send({ type: 'subscribe', id: `s${n}`, payload: { query: '{ motd }' } });
      refused = JSON.stringify(await socket.next()).includes('OVERLOADED');
      if (!refused) await socket.next();
    }
    assert.ok(refused);
    for (let n = 0; (await running.post({ query: '{ motd }' })).status !== 200 || n < 3; n++) await delay(100);
    socket.socket.close();
    await running.gateway.close();
  });
});
