import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { post, socket } from '../../testkit/graphql.ts';
import { watch } from '../../testkit/live.ts';
import { type Scenario, startScenario } from '../kit.ts';
import { subgraphs } from './subgraphs.ts';

const { privateKey, publicKey } = await generateKeyPair('ES256');
const issuer = createServer(async (_request, response) => {
  const key = { ...(await exportJWK(publicKey)), kid: 'k1', alg: 'ES256' };
  response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys: [key] }));
});
const token = (claims: object): Promise<string> =>
  new SignJWT({ sub: 'user-1', iss: 'https://issuer.example.com/', aud: 'shop', ...claims })
    .setProtectedHeader({ alg: 'ES256', kid: 'k1' })
    .setExpirationTime('5m')
    .sign(privateKey);

let scenario: Scenario;
before(async () => {
  issuer.listen(0, '127.0.0.1');
  await once(issuer, 'listening');
  const { port } = issuer.address() as AddressInfo;
  scenario = await startScenario(import.meta.url, subgraphs, { GATEWAY_JWKS_URL: `http://127.0.0.1:${port}/jwks` });
});
after(async () => {
  await scenario.end();
  issuer.closeAllConnections();
  issuer.close();
});

const query = '{ order { status total tax } me }';

test('nobody, somebody, and somebody with the scopes each get their part; the rest is null and said', async () => {
  const nobody = await post(scenario.url, query);
  assert.deepEqual(nobody.data, { order: { status: 'OPEN', total: null, tax: null }, me: null });
  assert.deepEqual(
    nobody.errors?.map(({ path }) => path?.join('.')),
    ['order.total', 'order.tax', 'me'],
  );
  const somebody = await post(scenario.url, query, {}, await token({ scope: 'orders:read' }));
  assert.deepEqual(somebody.data, { order: { status: 'OPEN', total: null, tax: null }, me: 'you' });
  assert.equal(somebody.errors?.[0]?.extensions?.['code'], 'UNAUTHORIZED_FIELD_OR_TYPE');
  for (const scope of ['orders:read prices:read', 'admin'])
    assert.deepEqual(await post(scenario.url, query, {}, await token({ scope })), {
      status: 200,
      data: { order: { status: 'OPEN', total: 42, tax: 21 }, me: 'you' },
    });
});

test('a forged token is refused altogether', async () => {
  assert.equal((await post(scenario.url, query, {}, `${await token({})}x`)).status, 401);
});

test('@policy goes by the claim the gateway is told of, over WebSocket too', async () => {
  const subscription = 'subscription { sold { status } }';
  const trader = socket(scenario.url, await token({ entitlements: ['trader'] }));
  const sold = watch<object>(trader, 'sold', subscription, {});
  await sold.completed;
  assert.deepEqual(sold.items, [{ status: 'SOLD' }]);
  await trader.dispose();
  const other = socket(scenario.url, await token({ policies: ['trader'] }));
  await assert.rejects(watch(other, 'sold', subscription, {}).completed, (error) =>
    /UNAUTHORIZED_FIELD_OR_TYPE/.test(JSON.stringify(error)),
  );
  await other.dispose();
});
