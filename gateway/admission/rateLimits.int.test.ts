import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { type MiniRedis, startMiniRedis } from '../../test/testkit/miniRedis.ts';
import { type Reply, type Running, startFixture } from '../fixture/gateway.ts';
import { composeLimitedFixture } from '../fixture/limitedSupergraph.ts';
import { openSocket } from '../fixture/socket.ts';

const codeOf = ({ body }: Reply): string | undefined => body.errors?.[0]?.extensions?.code;
const supergraphSdl = composeLimitedFixture();
const cheap = { query: '{ motd }' };
const dear = { query: '{ conversations(first: 90) { id } }' };
const signIn = (password: string) => ({
  query: 'mutation($p: String!) { signIn(input: { email: "ada@example.com", password: $p }) { __typename } }',
  variables: { p: password },
});

describe('rate limits', () => {
  test('B28: whoever spends all is refused until the window ends; another organization does not notice', async () => {
    const running = await startFixture({
      supergraphSdl,
      env: { GATEWAY_RATE_LIMIT_POINTS: '1000', GATEWAY_RATE_LIMIT_SECONDS: '60' },
    });
    const noisy = { authorization: `Bearer ${await running.issuer.sign({ tid: 'noisy' })}` };
    const quiet = { authorization: `Bearer ${await running.issuer.sign({ tid: 'quiet' })}` };
    const replies = await Promise.all(Array.from({ length: 50 }, () => running.post(dear, noisy)));
    const refused = replies.filter(({ status }) => status === 429);
    assert.ok(refused.length >= 40 && refused.length < 50, `${refused.length}`);
    for (const reply of refused) {
      assert.equal(codeOf(reply), 'RATE_LIMITED');
      assert.equal(reply.body.errors.length, 1);
      const { retryAfterMs } = reply.body.errors[0].extensions;
      assert.ok(retryAfterMs > 50_000 && retryAfterMs <= 60_000, String(retryAfterMs));
      assert.equal(reply.headers['retry-after'], String(Math.ceil(retryAfterMs / 1000)));
    }
    const before = running.world.calls.length;
    assert.equal((await running.post(cheap, noisy)).status, 429);
    assert.equal(running.world.calls.length, before, 'what is refused asks no subgraph');
    assert.deepEqual((await running.post(dear, quiet)).status, 200);
    await running.gateway.close();
  });

  test('an organization has a budget of its own, whichever of its callers spend it', async () => {
    const running = await startFixture({
      supergraphSdl,
      env: { GATEWAY_RATE_LIMIT_ORGANIZATION_POINTS: '500' },
    });
    const user = async (sub: string, tid: string) => ({
      authorization: `Bearer ${await running.issuer.sign({ sub, tid })}`,
    });
    for (const sub of ['u1', 'u2', 'u3', 'u4', 'u5', 'u6']) await running.post(dear, await user(sub, 'tenant-1'));
    assert.equal(codeOf(await running.post(cheap, await user('u7', 'tenant-1'))), 'RATE_LIMITED');
    assert.equal((await running.post(cheap, await user('u7', 'tenant-2'))).status, 200);
    await running.gateway.close();
  });

  test('what a live stream brings is counted too: one who takes more than there is for it is told when to come back', async () => {
    const running = await startFixture({
      supergraphSdl,
      env: { GATEWAY_RATE_LIMIT_POINTS: '200', GATEWAY_RATE_LIMIT_SECONDS: '60' },
    });
    const socket = await openSocket(running.gateway.url);
    await socket.init({ authorization: `Bearer ${await running.issuer.sign()}` });
    socket.send({ type: 'subscribe', id: '1', payload: { query: 'subscription { count(to: 100000) }' } });
    for (let i = 0; i < 500 && socket.received.at(-1)?.type !== 'error'; i++) await delay(10);
    const { payload } = socket.received.at(-1) as { payload: { extensions: { code: string; retryAfterMs: number } }[] };
    assert.equal(payload[0]?.extensions.code, 'RATE_LIMITED');
    assert.ok((payload[0]?.extensions.retryAfterMs ?? 0) > 50_000);
    assert.ok(socket.received.length < 1000, `${socket.received.length} answers`);
    socket.send({ type: 'ping' });
    for (let i = 0; i < 200 && socket.received.at(-1)?.type !== 'pong'; i++) await delay(10);
    assert.equal(socket.received.at(-1)?.type, 'pong');
    socket.socket.close();
    await running.gateway.close();
  });

  test('B26 E36: what is spent over one transport is missing over the other; a refused operation leaves the socket open', async () => {
    const running = await startFixture({ supergraphSdl, env: { GATEWAY_RATE_LIMIT_POINTS: '300' } });
    const authorization = `Bearer ${await running.issuer.sign()}`;
    const socket = await openSocket(running.gateway.url);
    await socket.init({ authorization });
    const run = async (id: string, payload: object) => {
      socket.send({ type: 'subscribe', id, payload });
      return socket.next();
    };
    assert.equal((await run('1', dear)).type, 'next');
    assert.equal((await socket.next()).type, 'complete');
    await running.post(dear, { authorization });
    await running.post(dear, { authorization });
    const refused = await run('2', cheap);
    assert.equal(refused.type, 'error');
    const [error] = refused.payload as { extensions: { code: string; retryAfterMs: number } }[];
    assert.equal(error?.extensions.code, 'RATE_LIMITED');
    assert.ok((error?.extensions.retryAfterMs ?? 0) > 0);
    const subscription = await run('3', { query: 'subscription { count(to: 1) }' });
    assert.equal(subscription.type, 'error');
    socket.send({ type: 'ping' });
    assert.equal((await socket.next()).type, 'pong');
    socket.socket.close();
    await running.gateway.close();
  });

  test('A22: without a name the address counts: the one we see, not the one a client writes down', async () => {
    const env = { GATEWAY_RATE_LIMIT_POINTS: '150' };
    const direct = await startFixture({ supergraphSdl, env });
    const spend = (running: Running, address: string) => running.post(dear, { 'x-forwarded-for': address });
    for (const address of ['203.0.113.1', '203.0.113.2', '203.0.113.3']) await spend(direct, address);
    assert.equal((await spend(direct, '203.0.113.9')).status, 429);
    await direct.gateway.close();
    const proxied = await startFixture({ supergraphSdl, env: { ...env, GATEWAY_TRUSTED_PROXIES: '127.0.0.1' } });
    for (const _ of [1, 2]) await spend(proxied, '203.0.113.1');
    assert.equal((await spend(proxied, '203.0.113.1')).status, 429);
    assert.equal((await spend(proxied, '203.0.113.2')).status, 200);
    for (const address of ['2001:db8::1', '2001:db8::2', '2001:db8:0:0:ffff::3']) await spend(proxied, address);
    assert.equal((await spend(proxied, '2001:db8::4')).status, 429, 'one /64 is one caller');
    assert.equal((await spend(proxied, '2001:db8:0:1::4')).status, 200);
    await proxied.gateway.close();
  });

  test('B30: sign-ins are counted for themselves, one by one; other operations go on', async () => {
    const running = await startFixture({ supergraphSdl, env: { GATEWAY_SENSITIVE_PER_MINUTE: '5' } });
    const twice =
      'mutation { a: signIn(input: { email: "x", password: "1" }) { __typename } b: signIn(input: { email: "x", password: "2" }) { __typename } }';
    const both = await running.post({ query: twice });
    assert.equal(both.status, 400);
    assert.equal(codeOf(both), 'SENSITIVE_FIELD_LIMIT_EXCEEDED');
    assert.deepEqual(running.world.calls, []);
    const statuses: number[] = [];
    for (let n = 0; n < 7; n++) statuses.push((await running.post(signIn(`guess ${n}`))).status);
    assert.deepEqual(statuses, [200, 200, 200, 200, 200, 429, 429]);
    assert.equal((await running.post(cheap)).status, 200);
    assert.ok(running.log.some(({ message }) => message.includes('GATEWAY_TRUSTED_PROXIES')));
    await running.gateway.close();
  });

  test('J10: hashes nobody published cost more than they yield', async () => {
    const running = await startFixture({ supergraphSdl, env: { GATEWAY_RATE_LIMIT_POINTS: '1000' } });
    const headers = { authorization: `Bearer ${running.addApiKey(['persisted'], 'partner-1')}` };
    const codes: (string | undefined)[] = [];
    for (let n = 0; n < 20; n++)
      codes.push(codeOf(await running.post({ documentId: `sha256:${String(n).padStart(64, '0')}` }, headers)));
    assert.deepEqual(codes.slice(0, 10), Array(10).fill('PERSISTED_QUERY_NOT_FOUND'));
    assert.deepEqual(codes.slice(11), Array(9).fill('RATE_LIMITED'));
    const lookups = running.world.calls.filter(({ request }) => request.operationName === 'PublishedDocument');
    assert.ok(lookups.length <= 11, 'those refused are not looked up');
    await running.gateway.close();
  });

  test('texts that were never seen cost by their length, also those that are refused', async () => {
    const running = await startFixture({ supergraphSdl, env: { GATEWAY_RATE_LIMIT_POINTS: '1000' } });
    const codes = new Set<string | undefined>();
    for (let n = 0; n < 5; n++) codes.add(codeOf(await running.post({ query: `{ nope${n} } #${'x'.repeat(20_000)}` })));
    assert.deepEqual([...codes], ['GRAPHQL_VALIDATION_FAILED', 'RATE_LIMITED']);
    await running.gateway.close();
  });

  test('0 points: no limits of rate, and no others fewer', async () => {
    const running = await startFixture({
      supergraphSdl,
      env: { GATEWAY_RATE_LIMIT_POINTS: '0', GATEWAY_SENSITIVE_PER_MINUTE: '1' },
    });
    for (let n = 0; n < 3; n++) assert.equal((await running.post(signIn('x'))).status, 200);
    assert.equal(codeOf(await running.post({ query: '{ conversations(first: 101) { id } }' })), 'BAD_USER_INPUT');
    await running.gateway.close();
  });
});

describe('rate limits in Redis', () => {
  let redis: MiniRedis;
  before(async () => {
    redis = await startMiniRedis();
  });
  after(() => redis.stop());

  test('two gateways count together', async () => {
    const env = { REDIS_URL: redis.url, GATEWAY_RATE_LIMIT_POINTS: '150', GATEWAY_SENSITIVE_PER_MINUTE: '2' };
    const [here, there] = await Promise.all([
      startFixture({ supergraphSdl, env }),
      startFixture({ supergraphSdl, env }),
    ]);
    await connected(redis, 2);
    await here.post(dear);
    await there.post(dear);
    assert.equal(codeOf(await here.post(cheap)), 'RATE_LIMITED');
    assert.equal(codeOf(await there.post(cheap)), 'RATE_LIMITED');
    assert.ok(redis.commands.some(([name, , , key]) => name === 'evalsha' && key?.startsWith('parley:limit:')));
    await Promise.all([here.gateway.close(), there.gateway.close()]);
  });

  test('L11: without Redis reads go on and are still limited, while secrets are not tried at all', async () => {
    const env = { REDIS_URL: 'redis://127.0.0.1:1', GATEWAY_RATE_LIMIT_POINTS: '400' };
    const running = await startFixture({ supergraphSdl, env });
    assert.equal((await running.post(cheap)).status, 200);
    const refused = await running.post(signIn('x'));
    assert.equal(refused.status, 503);
    assert.equal(codeOf(refused), 'RATE_LIMIT_UNAVAILABLE');
    assert.equal(refused.headers['retry-after'], '1');
    assert.ok(!running.world.calls.some(({ request }) => request.query.includes('signIn')));
    for (let n = 0; n < 5; n++) await running.post(dear);
    assert.equal(codeOf(await running.post(cheap)), 'RATE_LIMITED');
    await running.gateway.close();
  });
});

/** Until so many connections stand; before that each gateway would count by itself. */
const connected = async (redis: MiniRedis, connections: number): Promise<void> => {
  const asked = () => redis.commands.filter(([name]) => name?.toLowerCase() === 'info').length;
  for (const deadline = Date.now() + 5000; asked() < connections && Date.now() < deadline; ) await delay(10);
  await delay(50);
};
