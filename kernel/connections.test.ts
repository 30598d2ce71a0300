import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { CallFailure } from './callFailure.ts';
import { createConnections } from './connections.ts';
import { parseSubgraphAddress, type SubgraphAddress } from './subgraphAddress.ts';

const limits = { answerBytes: 1000, signal: undefined, refuse: () => null };
const request = { path: '/', headers: {}, body: '' };
const options = { connectMs: 2000, silenceMs: 5000 };

describe('connections to one place', () => {
  let server: Server;
  let address: SubgraphAddress;
  let sockets = 0;
  before(async () => {
    server = createServer((_request, response) => response.end('ok')).on('connection', () => {
      sockets += 1;
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    address = parseSubgraphAddress(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  });
  after(() => server.close());

  test('one after another, requests take one connection', async () => {
    const connections = createConnections(address, 8, options);
    const before = sockets;
    for (let i = 0; i < 5; i++) {
      const connection = await connections.take(undefined);
      assert.equal((await connection.exchange(request, limits)).bytes.toString(), 'ok');
      connections.giveBack(connection);
    }
    assert.equal(sockets - before, 1);
    connections.destroy();
  });

  test('past the most there are, a request waits for one to be given back, and no longer than its signal allows', async () => {
    const connections = createConnections(address, 1, options);
    const first = await connections.take(undefined);
    const gone = new AbortController();
    const leaving = Promise.resolve(connections.take(gone.signal));
    assert.throws(() => connections.take(AbortSignal.abort(new Error('gone before'))), /gone before/);
    const second = Promise.resolve(connections.take(undefined));
    gone.abort(new Error('gone'));
    await assert.rejects(leaving, /gone/);
    connections.giveBack(first);
    assert.equal(await second, first);
    connections.destroy();
  });

  test('destroyed, what is under way and those that wait are broken off, and nothing is opened any more', async () => {
    const connections = createConnections(address, 1, options);
    const ask = async () => {
      const connection = await connections.take(undefined);
      try {
        return await connection.exchange(request, limits);
      } finally {
        connections.giveBack(connection);
      }
    };
    const before = sockets;
    const asked = [ask(), ask(), ask()];
    connections.destroy();
    for (const one of asked) await assert.rejects(one, CallFailure);
    assert.ok(sockets - before <= 1);
  });

  test('retired, those that wait are still served, and connections close once they are given back', async () => {
    const connections = createConnections(address, 1, options);
    const first = await connections.take(undefined);
    const waiting = Promise.resolve(connections.take(undefined));
    connections.retire();
    connections.giveBack(first);
    const connection = await waiting;
    assert.equal((await connection.exchange(request, limits)).statusCode, 200);
    connections.giveBack(connection);
    assert.equal(connection.isUsable, false);
  });
});
