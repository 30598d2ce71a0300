import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer as createHttpServer, type Server as HttpServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { promisify } from 'node:util';
import { selfSigned } from './fixture/selfSigned.ts';
import { HttpConnection } from './httpConnection.ts';
import { createPoster, type Poster } from './poster.ts';
import { parseSubgraphAddress } from './subgraphAddress.ts';

const by = { actor: null, requestId: 'request-1' };
const ok = (body: string, more = ''): string =>
  `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n${more}content-length: ${body.length}\r\n\r\n${body}`;

const listening = async (server: Server | HttpServer): Promise<number> => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
};
const posterTo = (origin: string, connections = 64): Poster =>
  createPoster({ name: 'peer', address: parseSubgraphAddress(origin), secrets: null, connections });
const connectionTo = (port: number, silenceMs = 5000): HttpConnection =>
  new HttpConnection(parseSubgraphAddress(`http://127.0.0.1:${port}`), { connectMs: 2000, silenceMs }, () => {});
const request = { path: '/', headers: {}, body: '{}' };
const limits = { answerBytes: 1e6, signal: undefined, refuse: () => null };

describe('a connection', () => {
  let answer: (socket: Socket, text: string) => void;
  let opened = 0;
  let heard: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    opened += 1;
    sockets.add(socket);
    socket
      .on('error', () => {})
      .on('data', (text) => {
        heard.push(text.toString('latin1'));
        answer(socket, text.toString('latin1'));
      });
  });
  let port: number;
  let poster: Poster;
  before(async () => {
    port = await listening(server);
    poster = posterTo(`http://127.0.0.1:${port}`);
  });
  after(async () => {
    await poster.close();
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  /** New connections a call takes, and what it is answered. */
  const post = async (value: unknown = {}): Promise<readonly [number, unknown]> => {
    const [before] = [opened];
    const answered = await poster.post('/', value, by);
    return [opened - before, answered];
  };

  test('is used again, unless its server said otherwise or closed it', async () => {
    answer = (socket) => socket.write(ok('1'));
    assert.deepEqual(await post(), [1, 1]);
    assert.deepEqual(await post(), [0, 1]);
    answer = (socket) => socket.write(ok('2', 'connection: close\r\n'));
    assert.deepEqual(await post(), [0, 2]);
    assert.deepEqual(await post(), [1, 2]);
    answer = (socket) => socket.write(ok('3', 'keep-alive: timeout=1\r\n'));
    assert.deepEqual(await post(), [1, 3]);
    answer = (socket) => socket.write(ok('4'), () => socket.end());
    assert.deepEqual(await post(), [1, 4]);
    await delay(20);
    assert.deepEqual(await post(), [1, 4]);
    await delay(20);
  });

  test('an answer as long as the connection lasts is taken whole', async () => {
    answer = (socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n[1]');
    assert.deepEqual((await post())[1], [1]);
  });

  test('bytes nobody asked for end it; the next call is not given them as its answer', async () => {
    answer = (socket) => socket.write(ok('"mine"') + ok('"of somebody else"'));
    assert.equal((await post())[1], 'mine');
    answer = (socket) => {
      socket.write(ok('"mine"'));
      setTimeout(() => socket.write(ok('"of somebody else"')), 5);
    };
    assert.deepEqual(await post(), [1, 'mine']);
    await delay(30);
    answer = (socket) => socket.write(ok('"next"'));
    assert.deepEqual(await post(), [1, 'next']);
  });

  test('answered before all of the request was taken, it is not used again', async () => {
    const connection = connectionTo(port);
    answer = (socket) => {
      socket.pause();
      answer = () => {};
      socket.write(ok('1'));
    };
    const large = { ...request, body: JSON.stringify('x'.repeat(20_000_000)) };
    assert.equal((await connection.exchange(large, limits)).bytes.toString(), '1');
    assert.equal(connection.isUsable, false);
  });

  test('one that falls silent fails', async () => {
    const connection = connectionTo(port, 50);
    answer = (socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n12345');
    await assert.rejects(connection.exchange(request, limits), { kind: 'TIMEOUT' });
    assert.equal(connection.isUsable, false);
  });

  test('a header that would be two is not sent', async () => {
    heard = [];
    answer = (socket) => socket.write(ok('1'));
    for (const value of ['a\r\nx-role: admin', 'a\nb', 'a\0', 'ы'])
      await assert.rejects(poster.post('/', {}, { ...by, headers: { 'x-given': value } }), { kind: 'INVALID' });
    assert.deepEqual(heard, []);
    await poster.post('/', { text: 'ы 😀' }, { ...by, headers: { 'x-given': 'é' } });
    const [head = '', body = ''] = (heard[0] ?? '').split('\r\n\r\n');
    assert.deepEqual(head.split('\r\n').slice(0, 2), ['POST / HTTP/1.1', `host: 127.0.0.1:${port}`]);
    assert.ok(head.includes('\r\nx-given: é\r\n'));
    assert.ok(head.endsWith(`\r\ncontent-length: ${body.length}`));
    assert.deepEqual(JSON.parse(Buffer.from(body, 'latin1').toString()), { text: 'ы 😀' });
  });
});

test('what many ask at once over few connections is never another’s answer', async () => {
  const server = createHttpServer((request, response) => {
    response.setHeader('content-type', 'application/json');
    request.pipe(response);
  });
  const poster = posterTo(`http://127.0.0.1:${await listening(server)}`, 7);
  const sizes = Array.from({ length: 300 }, (_, n) => (n % 10 === 0 ? 300_000 : n * 37));
  const answers = await Promise.all(sizes.map((size, n) => poster.post('/', [n, String(n % 10).repeat(size)], by)));
  for (const [n, size] of sizes.entries()) assert.deepEqual(answers[n], [n, String(n % 10).repeat(size)]);
  await poster.close();
  server.close();
});

test('over TLS the server’s name is checked', async () => {
  const certificates = getCACertificates();
  const { key, cert } = selfSigned('localhost');
  const server = createHttpsServer({ key, cert }, (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end(`"${'x'.repeat(300_000)}"`);
  });
  const port = await listening(server);
  const stranger = posterTo(`https://localhost:${port}`);
  await assert.rejects(stranger.post('/', {}, by), { kind: 'UNREACHABLE' });
  setDefaultCACertificates([...certificates, cert]);
  try {
    const known = posterTo(`https://localhost:${port}`);
    for (let n = 0; n < 3; n++) assert.equal(String(await known.post('/', {}, by)).length, 300_000);
    const otherwise = posterTo(`https://127.0.0.1:${port}`);
    await assert.rejects(otherwise.post('/', {}, by), { kind: 'UNREACHABLE' });
    await known.close();
  } finally {
    setDefaultCACertificates(certificates);
    server.close();
    server.closeAllConnections();
  }
});

test('a connection not made in time was not begun', async () => {
  const mute = createServer((socket) => socket.on('error', () => {}));
  const address = parseSubgraphAddress(`https://127.0.0.1:${await listening(mute)}`);
  const connection = new HttpConnection(address, { connectMs: 50, silenceMs: 5000 }, () => {});
  await assert.rejects(connection.exchange(request, limits), { kind: 'UNREACHABLE' });
  mute.close();
});

test('connections nobody uses do not keep a process from ending', async () => {
  const server = createHttpServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end('1');
  });
  const url = `http://127.0.0.1:${await listening(server)}`;
  const program = `
    import { createPoster } from ${JSON.stringify(import.meta.resolve('./poster.ts'))};
    import { parseSubgraphAddress } from ${JSON.stringify(import.meta.resolve('./subgraphAddress.ts'))};
    const poster = createPoster({ name: 'peer', address: parseSubgraphAddress('${url}'), secrets: null });
    console.log(await poster.post('/', {}, { actor: null, requestId: 'r' }));
    // One that is opened and not used, too.
    const other = createPoster({ name: 'peer', address: parseSubgraphAddress('${url}'), secrets: null });
    await other.post('/', {}, { actor: null, requestId: 'r', headers: { bad: '\\u0100' } }).catch(() => {});`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], {
    timeout: 20_000,
  });
  assert.equal(stdout.trim(), '1');
  server.close();
  server.closeAllConnections();
});
