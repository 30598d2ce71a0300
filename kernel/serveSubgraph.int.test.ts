import assert from 'node:assert/strict';
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { connect } from 'node:net';
import { after, before, describe, test } from 'node:test';
import type { Actor } from './actor.ts';
import { type SignedCall, signCall } from './callProof.ts';
import { silentLog, tinySubgraph } from './fixture/tinySubgraph.ts';
import { httpSubgraph } from './httpSubgraph.ts';
import { type ServedSubgraph, serveSubgraph } from './serveSubgraph.ts';

const secrets = { signs: 'a secret of at least thirty-two bytes', accepts: null };
const call: SignedCall = { audience: 'tiny', method: 'POST', path: '/graphql', requestId: 'r', actor: null };

describe('a served subgraph', () => {
  const { subgraph, seen } = tinySubgraph();
  let served: ServedSubgraph;
  before(async () => {
    served = await serveSubgraph({
      subgraph,
      listen: { host: '127.0.0.1', port: 0 },
      secrets,
      log: silentLog,
      bodyBytes: 2000,
      drainMs: 200,
    });
  });
  after(() => served.close());

  const send = (
    body: string,
    headers: Record<string, string> = {},
    method = 'POST',
    path = '/graphql',
  ): Promise<{ status: number; text: string; headers: IncomingHttpHeaders }> =>
    new Promise((resolve, reject) => {
      const request = httpRequest(new URL(path, served.url), { method, headers, agent: false }, (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => {
          text += chunk;
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text, headers: response.headers }));
      });
      request.on('error', reject).end(body);
    });
  const signed = (body: string, with_: Partial<SignedCall> = {}, by = secrets, at = Date.now()) => ({
    ...signCall(by, { ...call, ...with_ }, body, at).proof,
  });
  const body = JSON.stringify({ query: '{ who }' });
  const forged = Buffer.from(JSON.stringify({ tenantId: 'other' } as Partial<Actor>)).toString('base64url');

  test('C03, C04, C05, C10: what is not proven gets a 401 and is not parsed', async () => {
    seen.requests.length = 0;
    const unproven: [string, Record<string, string>][] = [
      ['{ "query": "{ _service { sdl } }" }', {}],
      ['{ not even JSON', {}],
      [body, { 'x-tenant-id': 'other', 'x-user-id': 'u', 'x-internal-secret': 's' }],
      [body, { ...signed(body), 'parley-actor': forged }],
      [body, signed(body, {}, { signs: 'another secret of thirty-two bytes', accepts: null })],
      [body, signed(body, { audience: 'voice' })],
      [body, signed(body, {}, secrets, Date.now() - 60_000)],
      ['{"query":"{ hello(name: \\"other\\") }"}', signed(body)],
      ['{ not even JSON', signed(body)],
    ];
    for (const [text, headers] of unproven) {
      const answer = await send(text, headers);
      assert.equal(answer.status, 401, text);
      assert.equal(answer.text, '{"errors":[{"message":"Unauthorized."}]}');
    }
    assert.equal(seen.requests.length, 0);
  });

  test('C11: the same call twice is refused the second time', async () => {
    const headers = signed(body);
    assert.equal((await send(body, headers)).status, 200);
    assert.equal((await send(body, headers)).status, 401);
  });

  test('other methods, other paths, bodies past the limit', async () => {
    assert.equal((await send('', {}, 'GET')).status, 405);
    assert.equal((await send(body, signed(body), 'POST', '/other')).status, 404);
    assert.equal((await send(body, signed(body), 'POST', '/__proto__')).status, 404);
    const large = JSON.stringify({ query: `{ who } #${'x'.repeat(3000)}` });
    assert.equal((await send(large, signed(large))).status, 413);
    assert.equal((await send(large, { ...signed(large), 'transfer-encoding': 'chunked' })).status, 413);
    assert.equal((await send('', {}, 'GET', '/health/live')).status, 204);
  });

  test('a socket needs a proof to open, and each subscription one of its own', async () => {
    const upgrade = (headers: Record<string, string>): Promise<string> =>
      new Promise((resolve) => {
        const { hostname, port } = new URL(served.url);
        const socket = connect(Number(port), hostname);
        let text = '';
        socket.on('data', (chunk) => {
          text += chunk;
          if (text.includes('\r\n\r\n')) socket.destroy();
        });
        socket.on('close', () => resolve(text.split('\r\n')[0] ?? ''));
        const lines = Object.entries({
          host: 'x',
          upgrade: 'websocket',
          connection: 'Upgrade',
          'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
          'sec-websocket-version': '13',
          'sec-websocket-protocol': 'graphql-transport-ws',
          ...headers,
        });
        socket.write(`GET /graphql HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`);
      });
    assert.match(await upgrade({}), /401/);
    assert.match(await upgrade(signed('', { method: 'GET' }, secrets, Date.now() - 60_000)), /401/);
    assert.match(await upgrade(signed('', { method: 'GET' })), /101/);

    // Knows how to open the socket, not how to speak for anybody: the same client under another subgraph's name fails.
    const stranger = httpSubgraph({ name: 'voice', url: served.url, secrets });
    await assert.rejects(stranger.subscribe({ query: 'subscription { never }', actor: null, requestId: 'r' }), {
      kind: 'REFUSED',
    });
    await stranger.close();
    assert.equal(seen.attached, 0);
  });
});
