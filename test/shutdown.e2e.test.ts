import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { WebSocket } from 'ws';
import { testDatabase } from './testkit/database.ts';
import { post } from './testkit/graphql.ts';
import { temporaryFolder } from './testkit/platform.ts';
import { freePort, launchPlatformProcess, startPlatformProcess } from './testkit/platformProcess.ts';

describe('SIGTERM', () => {
  test('M02 M03: unready first and still serving, sockets closed with 1001, what never ends is cut, exit code 0', async () => {
    const folder = await temporaryFolder();
    const platform = await startPlatformProcess({
      PORT: await freePort(),
      DATA_DIR: folder.path,
      GATEWAY_UNREADY_MS: '1000',
      GATEWAY_DRAIN_MS: '1000',
    });
    const { hostname, port } = new URL(platform.url);
    const socket = new WebSocket(`${platform.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
    await once(socket, 'open');
    socket.send('{"type":"connection_init"}');
    await once(socket, 'message');
    const closed = once(socket, 'close');
    const endless = connect(Number(port), hostname);
    endless.write(
      'POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{',
    );
    endless.on('error', () => {});
    const cut = once(endless.resume(), 'close');

    const stopping = platform.stop();
    await delay(200);
    const ready = await fetch(`${platform.url}/health/ready`);
    assert.equal(ready.status, 503);
    assert.equal((await fetch(`${platform.url}/health/live`)).status, 200);
    assert.equal((await post(platform.url, '{ __typename }')).status, 200);
    assert.equal((await closed)[0], 1001);
    await cut;
    assert.equal(await stopping, 0);
    await assert.rejects(fetch(`${platform.url}/health/live`));
    await folder.remove();
  });
});

describe('SIGTERM of a service by itself', () => {
  test('M03: with events that a silent broker does not take it is not kept from ending, with 0', async () => {
    const folder = await temporaryFolder();
    const database = await testDatabase();
    const admin = new pg.Client({ connectionString: database.adminUrl });
    await admin.connect();
    await admin.query(
      `INSERT INTO identity.event (tenant_id, id, aggregate_id, version, type, schema_version, data, actor, occurred_at)
       VALUES (gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 1, 'auth.PartnerCreated', 1, '{}', '{}', now())`,
    );
    // Takes every connection, and says nothing.
    const silent = createServer((socket) => void socket.on('error', () => {}).resume());
    silent.listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const service = await startPlatformProcess(
      {
        DATABASE_URL: database.url,
        DATA_DIR: folder.path,
        KAFKA_BROKERS: `127.0.0.1:${(silent.address() as AddressInfo).port}`,
        SUBGRAPH_SECRET: 'services that run apart know this one',
        SUBGRAPH_AUTH_URL: `unix:${folder.path}/auth.sock`,
        LOG_LEVEL: 'silent',
      },
      ['auth'],
    );
    await delay(1000);
    assert.equal(await service.stop(), 0);
    const { rows } = await admin.query('SELECT sent_at FROM identity.event');
    assert.deepEqual(rows, [{ sent_at: null }]);
    await admin.end();
    silent.close();
    await database.drop();
    await folder.remove();
  });
});

describe('M06: what nobody caught', () => {
  for (const [what, code] of [
    ['a rejection', 'Promise.reject(new Error("nobody caught this"))'],
    ['an exception', '(() => { throw new Error("nobody caught this") })()'],
  ] as const)
    test(`${what} is logged and ends the process, which does not limp on`, async () => {
      const folder = await temporaryFolder();
      const database = await testDatabase();
      const preload = `data:text/javascript,${encodeURIComponent(`setTimeout(() => ${code}, 1500)`)}`;
      const { child, output } = launchPlatformProcess({
        PORT: await freePort(),
        DATA_DIR: folder.path,
        DATABASE_URL: database.url,
        NODE_OPTIONS: `--import=${preload}`,
      });
      const [exitCode] = await once(child, 'exit');
      assert.equal(exitCode, 1);
      assert.match(output(), /nobody caught this/);
      assert.match(output(), /"level":60/);
      await database.drop();
      await folder.remove();
    });
});
