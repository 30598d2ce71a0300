import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { createConnections } from './connections.ts';
import { exchange } from './exchange.ts';

const limits = { answerBytes: 1000, signal: undefined, refuse: () => null };
const request = { method: 'GET', path: '/' } as const;

describe('connections to one place', () => {
  let server: Server;
  let origin: string;
  let sockets = 0;
  before(async () => {
    server = createServer((_request, response) => response.end('ok')).on('connection', () => {
      sockets += 1;
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  after(() => server.close());

  test('one after another, requests take one connection', async () => {
    const connections = createConnections(origin, 8, {});
    const before = sockets;
    for (let i = 0; i < 5; i++) {
      const client = await connections.take(undefined);
      assert.equal((await exchange(client, request, limits)).bytes.toString(), 'ok');
      connections.giveBack(client);
    }
    assert.equal(sockets - before, 1);
    await connections.destroy();
  });

  test('past the most there are, a request waits for one to be given back, and no longer than its signal allows', async () => {
    const connections = createConnections(origin, 1, {});
    const first = await connections.take(undefined);
    const gone = new AbortController();
    const leaving = Promise.resolve(connections.take(gone.signal));
    const second = Promise.resolve(connections.take(undefined));
    gone.abort(new Error('gone'));
    await assert.rejects(leaving, /gone/);
    connections.giveBack(first);
    assert.equal(await second, first);
    await connections.destroy();
  });

  test('retired, those that wait are still served, and connections close once they are given back', async () => {
    const connections = createConnections(origin, 1, {});
    const first = await connections.take(undefined);
    const waiting = Promise.resolve(connections.take(undefined));
    connections.retire();
    connections.giveBack(first);
    const client = await waiting;
    assert.equal((await exchange(client, request, limits)).statusCode, 200);
    connections.giveBack(client);
    assert.equal(client.closed, true);
  });
});
