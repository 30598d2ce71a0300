import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { GraphQLError } from 'graphql';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { statusOf } from '../errors.ts';
import { silentLog } from '../log.ts';
import { authenticateIssued } from './issuedTokens.ts';

const issuer = 'https://issuer.example.com/';
const audience = 'api';
const call = { actor: null, requestId: 'r' };

describe('tokens of another issuer', async () => {
  const { privateKey, publicKey } = await generateKeyPair('RS256');
  const stranger = await generateKeyPair('RS256');
  let isUp = true;
  const jwks = { keys: [{ ...(await exportJWK(publicKey)), kid: 'k1', alg: 'RS256' }] };
  const server = createServer((_request, response) => {
    if (isUp) response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(jwks));
    else response.writeHead(503).end();
  });
  const policiesClaim = 'entitlements';
  const place = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks`;
  before(async () => {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });
  const token = (claims: object = {}, key = privateKey, header: object = {}, expires = '5m') =>
    new SignJWT({ sub: 'user-1', scope: 'read write', iss: issuer, aud: audience, ...claims })
      .setProtectedHeader({ alg: 'RS256', kid: 'k1', ...header })
      .setIssuedAt()
      .setExpirationTime(expires)
      .sign(key);
  const statusFrom = async (authenticate: ReturnType<typeof authenticateIssued>, authorization: string) => {
    try {
      await authenticate(authorization, call);
      return 200;
    } catch (error) {
      assert.ok(error instanceof GraphQLError);
      return statusOf(error);
    }
  };

  test('say who calls and with which scopes', async () => {
    const authenticate = authenticateIssued({ jwksUrl: place(), issuer, audience, policiesClaim }, silentLog);
    assert.equal((await authenticate(undefined, call)).actor, null);
    const { actor } = await authenticate(`Bearer ${await token()}`, call);
    assert.deepEqual([actor?.id, actor?.kind, actor?.scopes], ['user-1', 'USER', ['read', 'write']]);
    assert.ok((actor?.expiresAt ?? 0) > Date.now() / 1000);
    const other = await authenticate(`Bearer ${await token({ scope: undefined, scp: ['a', 'b'] })}`, call);
    assert.deepEqual(other.actor?.scopes, ['a', 'b']);
    assert.deepEqual(other.actor?.policies, []);
    const entitled = await authenticate(`Bearer ${await token({ entitlements: ['p', 'q'], policies: 'no' })}`, call);
    assert.deepEqual(entitled.actor?.policies, ['p', 'q']);
  });

  test('forged, expired, for another, from another or without a signature, they are nobody’s', async () => {
    const authenticate = authenticateIssued({ jwksUrl: place(), issuer, audience, policiesClaim }, silentLog);
    const none = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from('{"sub":"x"}').toString('base64url')}.`;
    for (const text of [
      await token({}, stranger.privateKey),
      await token({}, privateKey, { kid: 'k2' }),
      await token({ iss: 'https://evil.example.com/' }),
      await token({ aud: 'other' }),
      await token({ sub: undefined }),
      await token({}, privateKey, {}, '-1m'),
      none,
      'nonsense',
      'a.b.c',
      `${await token()}x`,
      'x'.repeat(9000),
    ])
      assert.equal(await statusFrom(authenticate, `Bearer ${text}`), 401, text.slice(0, 40));
    assert.equal(await statusFrom(authenticate, 'Basic dXNlcjpwYXNz'), 401);
  });

  test('while the keys cannot be had it says so, and blames no token', async () => {
    isUp = false;
    const authenticate = authenticateIssued({ jwksUrl: place(), issuer, audience, policiesClaim }, silentLog);
    assert.equal(await statusFrom(authenticate, `Bearer ${await token()}`), 503);
    const away = authenticateIssued({ jwksUrl: 'http://127.0.0.1:1/jwks', issuer, audience, policiesClaim }, silentLog);
    assert.equal(await statusFrom(away, `Bearer ${await token()}`), 503);
  });
});
