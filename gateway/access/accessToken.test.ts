import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { base64url, exportJWK, generateKeyPair, SignJWT, UnsecuredJWT } from 'jose';
import type { CallSubgraph } from '../calls/subgraphRequest.ts';
import { createIssuer, type Issuer, soundClaims } from '../fixture/tokens.ts';
import { silentLog } from '../log.ts';
import { verifyAccessToken } from './accessToken.ts';
import { createSigningKeys, type SigningKeys } from './signingKeys.ts';

const call = { actor: null, requestId: 'test' };

describe('G: access tokens', () => {
  let issuer: Issuer;
  let keys: SigningKeys;
  const now = Math.floor(Date.now() / 1000);
  const verify = (token: string) => verifyAccessToken(token, keys, call);
  const refuses = async (token: string | Promise<string>) => assert.equal(await verify(await token), null);

  before(async () => {
    issuer = await createIssuer();
    keys = createSigningKeys(async () => ({ data: { signingKeys: [issuer.published] } }), silentLog);
  });

  test('a sound one is its actor', async () => {
    assert.deepEqual(await verify(await issuer.sign({ exp: now + 60, iat: now })), {
      kind: 'USER',
      id: 'u1',
      tenantId: 'tenant-1',
      role: 'OWNER',
      scopes: ['conversations:read', 'organization:admin'],
      partnerId: null,
      conversationId: null,
      sessionId: 's1',
      expiresAt: now + 60,
    });
  });
  test('G01-G07: alg none, stripped signature, two parts', async () => {
    const sound = await issuer.sign();
    const [header = '', payload = '', signature = ''] = sound.split('.');
    for (const alg of ['none', 'None', 'NONE', 'nOnE']) {
      const unsigned = base64url.encode(JSON.stringify({ alg, typ: 'at+jwt', kid: issuer.kid }));
      await refuses(`${unsigned}.${payload}.`);
      await refuses(`${unsigned}.${payload}.${signature}`);
    }
    await refuses(`${header}.${payload}.`);
    await refuses(`${header}.${payload}`);
    await refuses(new UnsecuredJWT(soundClaims()).encode());
  });
  test('G08-G12: HMAC with the public key', async () => {
    const secret = new TextEncoder().encode(issuer.published.jwk);
    await refuses(
      new SignJWT(soundClaims()).setProtectedHeader({ alg: 'HS256', typ: 'at+jwt', kid: issuer.kid }).sign(secret),
    );
  });
  test('G13-G16: a token that brings or names its key', async () => {
    const other = await generateKeyPair('ES256', { extractable: true });
    const jwk = await exportJWK(other.publicKey);
    await refuses(
      new SignJWT(soundClaims())
        .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: issuer.kid, jwk })
        .sign(other.privateKey),
    );
    for (const header of [{ jwk }, { jku: 'http://evil' }, { x5u: 'http://evil' }, { x5c: ['a'] }])
      await refuses(issuer.sign({}, header));
  });
  test('G17-G21: kid: traversal, SQL, unknown, missing, another key’s', async () => {
    for (const kid of ['../../etc/passwd', "' or 1=1", 'unknown', '']) await refuses(issuer.sign({}, { kid }));
    const forger = await createIssuer(issuer.kid);
    await refuses(forger.sign());
  });
  test('G22 G23: a changed payload, one bit flipped', async () => {
    const [header = '', payload = '', signature = ''] = (await issuer.sign()).split('.');
    const changed = base64url.encode(JSON.stringify({ ...soundClaims(), role: 'OWNER', sub: 'u2' }));
    await refuses(`${header}.${changed}.${signature}`);
    const bytes = base64url.decode(signature);
    bytes[5] = (bytes[5] ?? 0) ^ 1;
    await refuses(`${header}.${payload}.${base64url.encode(bytes)}`);
  });
  test('G24-G29: expired, not yet valid, no exp, exp of another type, ten years', async () => {
    for (const claims of [
      { iat: now - 7200, exp: now - 3600 },
      { exp: now - 10 },
      { nbf: now + 60 },
      { iat: now + 60, exp: now + 120 },
      { exp: undefined },
      { exp: String(now + 60) },
      { exp: now + 10 * 365 * 86_400 },
      { iat: now - 4000, exp: now + 60 },
      { iat: undefined },
    ])
      await refuses(issuer.sign(claims));
    assert.notEqual(await verify(await issuer.sign({ iat: now - 60, exp: now - 2 })), null);
  });
  test('G30-G35: issuer, audience, type, missing subject or tenant', async () => {
    for (const claims of [
      { iss: 'other' },
      { aud: 'other' },
      { aud: undefined },
      { sub: undefined },
      { tid: undefined },
      { tid: '' },
      { tid: 7 },
      { jti: undefined },
      { scope: ['a'] },
      { kind: 'SERVICE' },
      { role: 'ROOT' },
      { kind: 'VISITOR' },
    ])
      await refuses(issuer.sign(claims));
    for (const typ of ['JWT', 'id+jwt', '']) await refuses(issuer.sign({}, { typ }));
  });
  test('G36 G37: crit, an all-zero signature', async () => {
    const [header = '', payload = ''] = (await issuer.sign()).split('.');
    await refuses(`${header}.${payload}.${base64url.encode(new Uint8Array(64))}`);
    const crit = base64url.encode(JSON.stringify({ alg: 'ES256', typ: 'at+jwt', kid: issuer.kid, crit: ['x'], x: 1 }));
    await refuses(`${crit}.${payload}.${base64url.encode(new Uint8Array(64))}`);
  });
  test('G38-G42: whitespace, padding, 1 MB, JWE, payloads that are no object', async () => {
    const sound = await issuer.sign();
    for (const token of [
      ` ${sound}`,
      `${sound}\n`,
      `${sound}=`,
      sound.replace('.', ' .'),
      `${sound}${'A'.repeat(1_000_000)}`,
      'a.b.c.d.e',
    ])
      await refuses(token);
  });
});

describe('signing keys', () => {
  const counted = (answer: CallSubgraph): { call: CallSubgraph; count: () => number } => {
    let count = 0;
    const counting: CallSubgraph = (...args) => {
      count += 1;
      return answer(...args);
    };
    return { call: counting, count: () => count };
  };

  test('G21: an unknown kid makes us ask again, at most every 5 s; at once by many is one question', async () => {
    const issuer = await createIssuer();
    let clock = 0;
    const auth = counted(async () => ({ data: { signingKeys: [issuer.published] } }));
    const keys = createSigningKeys(auth.call, silentLog, () => clock);
    await Promise.all(Array.from({ length: 10 }, () => keys.find(issuer.kid, call)));
    assert.equal(auth.count(), 1);
    for (let i = 0; i < 10; i++) assert.equal(await keys.find('nope', call), null);
    assert.equal(auth.count(), 1);
    clock = 5000;
    await keys.find('nope', call);
    assert.equal(auth.count(), 2);
  });
  test('G44: while auth is down the known keys stay', async () => {
    const issuer = await createIssuer();
    let clock = 0;
    let down = false;
    const keys = createSigningKeys(
      async () => (down ? Promise.reject(new Error('down')) : { data: { signingKeys: [issuer.published] } }),
      silentLog,
      () => clock,
    );
    assert.ok(await keys.find(issuer.kid, call));
    down = true;
    clock = 10 * 60_000;
    assert.ok(await keys.find(issuer.kid, call));
    assert.equal(await keys.find('other', call), null);
    assert.ok(await keys.find(issuer.kid, call));
  });
  test('G45: overlap at a rotation, and the end of the old key', async () => {
    const [old, fresh] = [await createIssuer('old'), await createIssuer('fresh')];
    let clock = 0;
    let published = [old.published];
    const keys = createSigningKeys(
      async () => ({ data: { signingKeys: published } }),
      silentLog,
      () => clock,
    );
    assert.ok(await keys.find('old', call));
    published = [old.published, fresh.published];
    clock = 6000;
    assert.ok(await keys.find('fresh', call));
    assert.ok(await keys.find('old', call));
    published = [fresh.published];
    clock = 70_000;
    await keys.find('old', call);
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.equal(await keys.find('old', call), null);
  });
  test('G43: keys of other kinds are left out when they are loaded', async () => {
    const issuer = await createIssuer();
    const rsa = { kid: 'rsa', jwk: JSON.stringify({ kty: 'RSA', n: 'AQAB', e: 'AQ' }) };
    const broken = { kid: 'broken', jwk: 'no json' };
    const keys = createSigningKeys(async () => ({ data: { signingKeys: [rsa, broken, issuer.published] } }), silentLog);
    assert.equal(await keys.find('rsa', call), null);
    assert.ok(await keys.find(issuer.kid, call));
  });
});
