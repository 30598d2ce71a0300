import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { uuidv7 } from '@parley/kernel/id';
import { printSchema } from 'graphql';
import { importJWK, type JWK, jwtVerify } from 'jose';
import { type Data, startTestAuth, type TestAuth } from '../auth.fixture.ts';
import { rotationMs } from '../domain/signingKey.ts';
import { startAuth } from '../server.ts';
import { schema } from './index.ts';

describe('what our own processes ask auth', () => {
  let t: TestAuth;
  before(async () => {
    t = await startTestAuth();
  });
  after(() => t.stop());
  const signingKeys = async (): Promise<{ kid: string; jwk: JWK }[]> =>
    (await t.ask('{ signingKeys { kid jwk } }')).signingKeys.map(({ kid, jwk }: Data) => ({
      kid,
      jwk: JSON.parse(jwk),
    }));
  /** As the gateway does. */
  const verify = async (token: string) => {
    const keys = await signingKeys();
    return jwtVerify(
      token,
      async ({ kid }) => {
        const found = keys.find((key) => key.kid === kid);
        if (found === undefined) throw new Error('unknown kid');
        return importJWK(found.jwk, 'ES256');
      },
      {
        ...{ algorithms: ['ES256'], issuer: 'parley', audience: 'parley', typ: 'at+jwt' },
        ...{ requiredClaims: ['sub', 'tid', 'kind', 'scope', 'jti', 'iat', 'exp'], maxTokenAge: 3900 },
        currentDate: t.options.clock(),
      },
    );
  };

  test('G33 given an access token, then a published key verifies it, and its claims are those promised', async () => {
    const { accessToken, actor } = await t.signUp();
    const { payload, protectedHeader } = await verify(accessToken);
    const { jti, iat, exp, ...claims } = payload;
    assert.deepEqual(Object.keys(protectedHeader).sort(), ['alg', 'kid', 'typ']);
    assert.equal((exp ?? 0) - (iat ?? 0), 300);
    assert.match(String(jti), /^[0-9a-f-]{36}$/);
    assert.deepEqual(claims, {
      ...{ iss: 'parley', aud: 'parley', sub: actor.id, tid: actor.tenantId, kind: 'USER', role: 'OWNER' },
      scope:
        'conversations:read conversations:write agents:read agents:write knowledge:read knowledge:write voices:read analytics:read organization:admin',
      sid: actor.sessionId,
    });
  });

  test('given a caller, then a visitor token for one conversation of the caller’s organization, an hour long', async () => {
    const { actor } = await t.signUp();
    const conversationId = uuidv7();
    const mutation = 'mutation ($id: ID!) { issueVisitorToken(conversationId: $id) }';
    const { issueVisitorToken } = await t.ask(mutation, { id: conversationId }, actor);
    const { jti, iat, exp, ...claims } = (await verify(issueVisitorToken)).payload;
    assert.ok(jti);
    assert.equal((exp ?? 0) - (iat ?? 0), 3600);
    assert.deepEqual(claims, {
      ...{ iss: 'parley', aud: 'parley', sub: conversationId, tid: actor.tenantId, kind: 'VISITOR' },
      ...{ cid: conversationId, scope: 'visitor' },
    });
    assert.equal((await t.ask(mutation, { id: 'no-id' }, actor)).issueVisitorToken, null);
    assert.equal(
      (await t.ask(mutation, { id: conversationId }, { ...actor, kind: 'VISITOR' })).issueVisitorToken,
      null,
    );
    const { errors } = await t.run(mutation, { id: conversationId });
    assert.equal(errors?.[0]?.extensions?.['code'], 'UNAUTHENTICATED');
  });

  test('signing keys are public halves only; the private half is sealed in the database', async () => {
    const keys = await signingKeys();
    assert.equal(keys.length, 1);
    assert.deepEqual(Object.keys(keys[0]?.jwk ?? {}).sort(), ['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']);
    const { rows } = await t.admin.query('SELECT * FROM identity.signing_key');
    assert.equal(rows[0].public_jwk.d, undefined);
    assert.equal(rows[0].sealed_private_jwk.includes('"d"'), false);
  });

  test('given several processes start at once, then they share one key; with another master key none starts', async () => {
    const others = await Promise.all([startAuth(t.options), startAuth(t.options)]);
    assert.equal((await signingKeys()).length, 1);
    for (const other of others) await other.stop();
    const { open: _, ...masterKey } = t.masterKey;
    const strange = {
      ...masterKey,
      open: () => {
        throw new Error('not this one');
      },
    };
    await assert.rejects(startAuth({ ...t.options, masterKey: strange }), /sealed with another master key/);
  });

  test('G45 given a key of 90 days, then its successor is published first and signs later, and the old one goes last', async () => {
    const before = (await t.signUp()).accessToken;
    const [old] = await signingKeys();
    t.clock.offset += rotationMs;
    const during = (await t.signUp()).accessToken;
    const both = await signingKeys();
    assert.equal(both.length, 2);
    assert.equal((await verify(during)).protectedHeader.kid, old?.kid);
    await assert.rejects(verify(before), /exp/);
    t.clock.offset += 11 * 60_000;
    const later = (await t.signUp()).accessToken;
    assert.notEqual((await verify(later)).protectedHeader.kid, old?.kid);
    assert.equal((await signingKeys()).length, 2);
    t.clock.offset += 2 * 60 * 60_000;
    assert.deepEqual(
      (await signingKeys()).map(({ kid }) => kid),
      both.map(({ kid }) => kid).filter((kid) => kid !== old?.kid),
    );
  });

  test('H28 every root field is open on purpose, guarded, or inaccessible', () => {
    const open = ['signUp', 'signIn', 'refreshSession', '_entities', '_service'];
    const roots = [schema.getQueryType(), schema.getMutationType()].flatMap((type) =>
      Object.values(type?.getFields() ?? {}),
    );
    const unguarded = roots.filter(({ extensions }) => {
      const names = JSON.stringify(extensions['directives'] ?? {});
      return !/authenticated|requiresScopes|policy|inaccessible/.test(names);
    });
    assert.deepEqual(
      unguarded.map(({ name }) => name).filter((name) => !open.includes(name)),
      [],
      printSchema(schema).slice(0, 200),
    );
  });
});
