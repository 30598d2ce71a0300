import assert from 'node:assert/strict';
import { once } from 'node:events';
import { get } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { describe, test } from 'node:test';
import { MalformedResponse, ResponseReader } from './responseReader.ts';

type Read = { statusCode: number; headers: object; body: string; isLast: boolean; idleMs: number | null };

/** What a reader makes of these bytes, given to it in these pieces; `wanted` responses are waited for. */
const readAll = (pieces: readonly Buffer[], wanted = 1): Read[] => {
  const reader = new ResponseReader();
  const responses: Read[] = [];
  const next = (): void => {
    let head = { statusCode: 0, headers: {} as object };
    let body = Buffer.alloc(0);
    reader.expect({
      onHead: (given) => {
        head = given;
      },
      onBody: (bytes) => {
        body = Buffer.concat([body, bytes]);
      },
      onEnd: (isLast, idleMs) => {
        responses.push({ ...head, body: body.toString('latin1'), isLast, idleMs });
        if (responses.length < wanted) next();
      },
    });
  };
  next();
  const memory = Buffer.alloc(100_000);
  for (const piece of pieces) {
    // As over a connection: the memory is used again, so whoever keeps any of it keeps something else.
    memory.fill('?');
    piece.copy(memory);
    reader.read(memory.subarray(0, piece.length));
  }
  reader.end();
  return responses;
};
const whole = (text: string, wanted?: number): Read[] => readAll([Buffer.from(text, 'latin1')], wanted);

/** Numbers below `most`, the same for the same seed (mulberry32). */
const randomFrom = (seed: number) => (most: number) => {
  seed = (seed + 0x6d2b79f5) | 0;
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) % most;
};

/** A sound response in one of its forms, and its body. */
const randomResponse = (random: (most: number) => number): { text: string; body: string } => {
  const body = Array.from({ length: random(300) }, () => String.fromCharCode(random(256))).join('');
  const interim = random(4) === 0 ? 'HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n' : '';
  const headers = [
    'content-type: application/json',
    'X-Empty:',
    'date:\t now ',
    'set-cookie: a',
    'Set-Cookie: b',
  ].slice(random(5));
  if (random(2) === 0) headers.push(`Content-Length: ${body.length}`);
  else headers.push('transfer-encoding: Chunked');
  const isChunked = headers.at(-1)?.startsWith('t');
  let coded = isChunked ? '' : body;
  for (let at = 0; isChunked && at < body.length; ) {
    const size = Math.min(1 + random(100), body.length - at);
    coded += `${size.toString(16)}${random(3) === 0 ? ';name="value"' : ''}\r\n${body.slice(at, at + size)}\r\n`;
    at += size;
  }
  if (isChunked) coded += `0\r\n${random(3) === 0 ? 'checksum: 1\r\n' : ''}\r\n`;
  const lines = headers.toSorted(() => random(3) - 1).map((line) => `${line}\r\n`);
  return { text: `${interim}HTTP/1.1 200 OK\r\n${lines.join('')}\r\n${coded}`, body };
};

describe('reading responses', () => {
  test('however they are cut into pieces, they are the same', () => {
    for (let seed = 1; seed <= 400; seed++) {
      const random = randomFrom(seed);
      const responses = Array.from({ length: 1 + random(3) }, () => randomResponse(random));
      const bytes = Buffer.from(responses.map(({ text }) => text).join(''), 'latin1');
      const pieces: Buffer[] = [];
      for (let at = 0; at < bytes.length; ) {
        const size = 1 + random(random(2) === 0 ? 4 : 200);
        pieces.push(bytes.subarray(at, at + size));
        at += size;
      }
      const read = readAll(pieces, responses.length);
      assert.deepEqual(
        read.map(({ body }) => body),
        responses.map(({ body }) => body),
        `seed ${seed}`,
      );
      assert.deepEqual(read, readAll([bytes], responses.length), `seed ${seed}`);
    }
  });

  test('what is read is what Node reads', async () => {
    const random = randomFrom(7);
    for (let count = 0; count < 40; count++) {
      const { text } = randomResponse(random);
      const server = createServer((socket) => socket.once('data', () => socket.end(text, 'latin1')));
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      const request = get({ port: (server.address() as AddressInfo).port, agent: false });
      const [response] = await once(request, 'response');
      let body = '';
      response.setEncoding('latin1').on('data', (part: string) => {
        body += part;
      });
      await once(response, 'end');
      const [read] = whole(text);
      assert.equal(read?.body, body);
      assert.equal(read?.statusCode, response.statusCode);
      const { 'set-cookie': cookies, ...headers } = response.headers;
      assert.deepEqual({ ...read?.headers }, { ...headers, ...(cookies ? { 'set-cookie': cookies.join(', ') } : {}) });
      server.close();
    }
  });

  test('a body without a length goes on until the other side closes, and is the last', () => {
    const [read] = whole('HTTP/1.1 200 OK\r\n\r\nall of it');
    assert.deepEqual([read?.body, read?.isLast], ['all of it', true]);
  });

  test('what ends before its end is no response', () => {
    for (const text of ['', 'HTTP/1.1 200', 'HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nab', chunked('3\r\nab')])
      assert.deepEqual(whole(text), [], text);
  });

  test('trailers may be long, and are not kept', () => {
    const [read] = whole(chunked(`1\r\na\r\n0\r\nserver-timing: ${'x'.repeat(1000)}\r\n\r\n`));
    assert.deepEqual([read?.body, Object.keys(read?.headers ?? {})], ['a', ['transfer-encoding']]);
  });

  test('an empty response that speaks of a body is the last', () => {
    for (const [start, isLast] of [
      ['204 No Content\r\ncontent-length: 3', true],
      ['204 No Content\r\ntransfer-encoding: chunked', true],
      ['204 No Content', false],
      ['304 Not Modified\r\ncontent-length: 3', false],
    ] as const)
      assert.deepEqual(
        whole(`HTTP/1.1 ${start}\r\n\r\n`).map((read) => [read.body, read.isLast]),
        [['', isLast]],
        start,
      );
  });

  test('how long the connection may be used again', () => {
    const of = (lines: string, version = '1.1') => {
      const [read] = whole(`HTTP/${version} 200 OK\r\ncontent-length: 0\r\n${lines}\r\n`);
      return [read?.isLast, read?.idleMs];
    };
    assert.deepEqual(of(''), [false, null]);
    assert.deepEqual(of('Keep-Alive: timeout=5, max=3\r\n'), [false, 5000]);
    assert.deepEqual(of('Connection: keep-alive, Close\r\n'), [true, null]);
    assert.deepEqual(of('', '1.0'), [true, null]);
    assert.deepEqual(of('connection: keep-alive\r\n', '1.0'), [false, null]);
  });

  const malformed: readonly (readonly [string, string])[] = [
    ['another protocol', 'SSH-2.0-OpenSSH_9.2\r\n'],
    ['another version', 'HTTP/2.0 200 OK\r\n\r\n'],
    ['a status of two digits', 'HTTP/1.1 99 No\r\n\r\n'],
    ['101, which nobody asked for', 'HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n\r\n'],
    ['interim responses without end', 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(11)],
    ['white space before the colon', 'HTTP/1.1 200 OK\r\ncontent-length : 3\r\n\r\nabc'],
    ['a folded header', 'HTTP/1.1 200 OK\r\na: b\r\n c\r\ncontent-length: 0\r\n\r\n'],
    ['a header without a colon', 'HTTP/1.1 200 OK\r\nnothing\r\n\r\n'],
    ['lines that end in LF alone', 'HTTP/1.1 200 OK\ncontent-length: 0\r\n\r\n'],
    ['a NUL in a header', 'HTTP/1.1 200 OK\r\na: \0\r\n\r\n'],
    ['a CR in a header', 'HTTP/1.1 200 OK\r\na: b\rcontent-length: 9\r\n\r\n'],
    ['two lengths', 'HTTP/1.1 200 OK\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\nabcd'],
    ['the same length twice', 'HTTP/1.1 200 OK\r\ncontent-length: 3, 3\r\n\r\nabc'],
    [
      'a length and chunks',
      'HTTP/1.1 200 OK\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n',
    ],
    ['a negative length', 'HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n'],
    ['a length with a sign', 'HTTP/1.1 200 OK\r\ncontent-length: +1\r\n\r\na'],
    ['a length in hex', 'HTTP/1.1 200 OK\r\ncontent-length: 0x1\r\n\r\na'],
    ['another coding', 'HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n'],
    ['chunks in HTTP/1.0', 'HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n'],
    ['a chunk without a size', chunked('\r\nabc\r\n')],
    ['a chunk of a negative size', chunked('-3\r\nabc\r\n')],
    ['a chunk of a size past all memory', chunked('fffffffff\r\nabc')],
    ['a chunk longer than it said', chunked('2\r\nabc\r\n')],
    ['a chunk’s line that ends in LF alone', chunked('3\nabc\r\n0\r\n\r\n')],
    ['a chunk’s extension without end', chunked(`3;${'x'.repeat(300)}\r\nabc\r\n`)],
    ['trailers without end', chunked(`0\r\n${`${'a'.repeat(200)}\r\n`.repeat(100)}\r\n`)],
    ['a head whose lines all end in LF alone', 'HTTP/1.1 200 OK\ncontent-length: 0\n\n'],
    ['a length with a blank that is none', 'HTTP/1.1 200 OK\r\ncontent-length: 1\xa0\r\n\r\na'],
    ['a trailer that is none', chunked('0\r\nnothing\r\n\r\n')],
    ['a head without end', `HTTP/1.1 200 OK\r\na: ${'x'.repeat(20_000)}`],
    ['more than was asked for', 'HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 200 OK\r\n\r\n'],
  ];
  for (const [what, text] of malformed)
    test(`refused: ${what}`, () => {
      assert.throws(() => whole(text), MalformedResponse);
      const bytes = Buffer.from(text, 'latin1');
      assert.throws(() => readAll(Array.from(bytes, (_, at) => bytes.subarray(at, at + 1))), MalformedResponse);
    });

  test('whatever bits are turned, it reads or refuses, and never more than came', () => {
    const random = randomFrom(3);
    for (let count = 0; count < 3000; count++) {
      const bytes = Buffer.from(randomResponse(random).text, 'latin1');
      for (let turned = random(4); turned >= 0; turned--) bytes[random(bytes.length)] = random(256);
      try {
        for (const { body } of readAll([bytes])) assert.ok(body.length <= bytes.length);
      } catch (error) {
        assert.ok(error instanceof MalformedResponse, String(error));
      }
    }
  });
});

function chunked(body: string): string {
  return `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n${body}`;
}
