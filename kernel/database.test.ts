import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { test } from 'node:test';
import { openPool } from './database.ts';
import { isOutage } from './outage.ts';
import { sqlFor } from './sql.ts';

/** A message of PostgreSQL's protocol (version 3): its type, its length, its body. */
const message = (type: string, body: Buffer): Buffer => {
  const length = Buffer.alloc(4);
  length.writeInt32BE(body.length + 4);
  return Buffer.concat([Buffer.from(type), length, body]);
};
const authenticated = message('R', Buffer.alloc(4));
const readyForQuery = message('Z', Buffer.from('I'));
const ended = message('E', Buffer.from('SFATAL\0C57P01\0Mterminating connection due to administrator command\0\0'));

test('L01: a connection that its server ends in the moment it is made is an outage, and ends no process', async () => {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => socket.end(Buffer.concat([authenticated, readyForQuery, ended])));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const pool = openPool(`postgresql://app@127.0.0.1:${port}/none`, { max: 2 });
  const sql = sqlFor(pool, { role: 'sales_app' });
  // An error that nobody listens to would fail this test.
  await assert.rejects(sql.run('SELECT 1'), isOutage);
  await assert.rejects(
    sql.transaction(({ query }) => query('SELECT 1')),
    isOutage,
  );
  await pool.end();
  server.close();
});
