import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import type { Actor } from '@parley/kernel/actor';
import { uuidv7 } from '@parley/kernel/id';
import { type Data, startTestAuth, type TestAuth } from '../auth.fixture.ts';

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

describe('partners and API keys', () => {
  let t: TestAuth;
  let owner: Actor;
  before(async () => {
    t = await startTestAuth();
    owner = (await t.signUp()).actor;
  });
  after(() => t.stop());
  const createKey = (input: object, actor = owner): Promise<Data> =>
    t.mutate('createApiKey', { name: 'ci', scopes: ['agents:read'], ...input }, actor);
  const actorOfKey = async (secret: string): Promise<Data> =>
    (
      await t.ask('query ($h: String!) { apiKeyActor(secretHash: $h) { id tenantId scopes partnerId expiresAt } }', {
        h: sha256(secret),
      })
    ).apiKeyActor;

  test('given a name, then a partner; given it again, however blank around it, then CONFLICT', async () => {
    const { partner } = await t.mutate('createPartner', { name: ' Globex ' }, owner);
    assert.equal(partner.name, 'Globex');
    assert.equal((await t.mutate('createPartner', { name: 'Globex' }, owner)).code, 'CONFLICT');
    const wrong = await t.mutate('createPartner', { name: 'a\u0007' }, owner);
    assert.deepEqual([wrong.code, wrong.issues[0].path], ['INVALID_INPUT', ['name']]);
    const { partners } = await t.ask('{ partners(first: 5) { edges { node { id name } } } }', {}, owner);
    assert.deepEqual(
      partners.edges.map(({ node }: Data) => node),
      [partner],
    );
  });

  test('I16 given another organization has a partner of that name, then it is no conflict here', async () => {
    const other = (await t.signUp()).actor;
    assert.equal((await t.mutate('createPartner', { name: 'Globex' }, other)).__typename, 'CreatePartnerSuccess');
  });

  test('H24 given a new key, then its secret is shown once, stored as a hash, and found by it', async () => {
    const { secret, apiKey } = await createKey({ scopes: ['agents:read', 'persisted', 'agents:read'] });
    assert.match(secret, /^pk_[0-9a-f]{8}_[A-Za-z0-9_-]{43}$/);
    assert.ok(secret.startsWith(`${apiKey.prefix}_`));
    assert.deepEqual(apiKey.scopes, ['agents:read', 'persisted']);
    const { rows } = await t.admin.query('SELECT * FROM identity.api_key');
    assert.equal(JSON.stringify(rows).includes(secret.slice(12)), false);
    assert.equal(JSON.stringify(rows).includes(sha256(secret)), true);
    assert.deepEqual(
      { ...(await actorOfKey(secret)) },
      { id: apiKey.id, tenantId: owner.tenantId, scopes: apiKey.scopes, partnerId: null, expiresAt: null },
    );
    await t.auth.drained();
    assert.equal(JSON.stringify([t.events, t.logged]).includes(secret.slice(12)), false);
  });

  test('given wrong fields, then an issue for each, with the scope’s place', async () => {
    const answer = await createKey({
      name: ' ',
      scopes: ['agents:read', 'everything', 'organization:admin', 'visitor'],
      expiresAt: '2020-01-01T00:00:00Z',
    });
    assert.equal(answer.code, 'INVALID_INPUT');
    assert.deepEqual(
      answer.issues.map(({ path }: Data) => path),
      [['name'], ['scopes', '1'], ['scopes', '2'], ['scopes', '3'], ['expiresAt']],
    );
    assert.deepEqual((await createKey({ scopes: [] })).issues[0].path, ['scopes']);
  });

  test('H25 given a key that has expired or was revoked, then it is nobody’s; revoking is told and may be repeated', async () => {
    const expiresAt = new Date(t.options.clock().getTime() + 60_000).toISOString();
    const [brief, revoked] = [await createKey({ expiresAt }), await createKey({})];
    assert.equal((await actorOfKey(brief.secret)).id, brief.apiKey.id);
    t.clock.offset += 60_001;
    assert.equal(await actorOfKey(brief.secret), null);
    const first = await t.mutate('revokeApiKey', { id: revoked.apiKey.id }, owner);
    assert.ok(first.apiKey.revokedAt);
    assert.deepEqual((await t.mutate('revokeApiKey', { id: revoked.apiKey.id }, owner)).apiKey, first.apiKey);
    assert.equal(await actorOfKey(revoked.secret), null);
    assert.equal(t.revocations.filter(({ id }) => id === revoked.apiKey.id).length, 1);
    for (const hash of ['', 'x', sha256('unknown'), sha256(revoked.secret).toUpperCase()]) {
      const query = 'query ($h: String!) { apiKeyActor(secretHash: $h) { id } }';
      assert.equal((await t.ask(query, { h: hash })).apiKeyActor, null);
    }
  });

  test('given a partner’s key and one of our own, then viewer shows them as PARTNER and MANAGER, without e-mail', async () => {
    const { partner } = await t.mutate('createPartner', { name: 'Initech' }, owner);
    const query = '{ viewer { id email role organization { id } } }';
    for (const [partnerId, role] of [[partner.id, 'PARTNER'] as const, [null, 'MANAGER'] as const]) {
      const { apiKey, secret } = await createKey({ partnerId });
      assert.equal(apiKey.partner?.id ?? null, partnerId);
      const actor: Actor = { ...owner, ...(await actorOfKey(secret)), kind: 'API_KEY', role: null, sessionId: null };
      const { viewer } = await t.ask(query, {}, actor);
      assert.deepEqual(
        { ...viewer, organization: viewer.organization.id },
        {
          id: apiKey.id,
          email: null,
          role,
          organization: owner.tenantId,
        },
      );
    }
    assert.equal((await t.ask(query, {}, { ...owner, kind: 'VISITOR' })).viewer, null);
    assert.equal((await t.ask(query, {}, { ...owner, kind: 'SERVICE' })).viewer, null);
    assert.equal((await t.ask(query, {}, { ...owner, id: uuidv7() })).viewer, null, 'a user who is gone');
  });

  test('I29 given another organization’s partner or key, then the answer is that for an unknown one, to the letter', async () => {
    const other = (await t.signUp()).actor;
    const { partner } = await t.mutate('createPartner', { name: 'Theirs' }, other);
    const theirs = await createKey({}, other);
    for (const field of ['createApiKey', 'publishPersistedDocuments']) {
      const input =
        field === 'createApiKey'
          ? { name: 'x', scopes: ['agents:read'] }
          : { manifest: [{ name: 'Me', body: 'query Me { viewer { id } }' }] };
      const answers = [];
      for (const partnerId of [partner.id, uuidv7(), 'no-id', '', partner.id.toUpperCase(), "' OR 1=1 --"]) {
        answers.push(JSON.stringify(await t.mutate(field, { ...input, partnerId }, owner)));
      }
      assert.equal(new Set(answers).size, 1, field);
      assert.match(answers[0] ?? '', /NOT_FOUND/);
    }
    const revocations = [];
    for (const id of [theirs.apiKey.id, uuidv7(), 'no-id', '']) {
      revocations.push(JSON.stringify(await t.mutate('revokeApiKey', { id }, owner)));
    }
    assert.equal(new Set(revocations).size, 1);
    assert.match(revocations[0] ?? '', /NOT_FOUND/);
    assert.equal((await actorOfKey(theirs.secret)).id, theirs.apiKey.id, 'still theirs, still good');
  });

  test('I31 given entity references to another organization’s rows, then they resolve to nothing', async () => {
    const other = (await t.signUp()).actor;
    const { partner } = await t.mutate('createPartner', { name: 'Theirs' }, other);
    const { apiKey } = await createKey({ partnerId: partner.id }, other);
    const { documents } = await t.mutate(
      'publishPersistedDocuments',
      { manifest: [{ name: 'Me', body: 'query Me { viewer { id } }' }] },
      other,
    );
    const representations = [
      { __typename: 'Organization', id: other.tenantId },
      { __typename: 'User', id: other.id },
      { __typename: 'Partner', id: partner.id },
      { __typename: 'ApiKey', id: apiKey.id },
      { __typename: 'PersistedDocument', id: documents[0].id },
      { __typename: 'Partner', id: 'no-id' },
    ];
    const query = `query ($r: [_Any!]!) { _entities(representations: $r) { __typename
      ... on Organization { name } ... on User { role } ... on Partner { name } ... on ApiKey { prefix } ... on PersistedDocument { hash } } }`;
    assert.deepEqual(
      (await t.ask(query, { r: representations }, owner))._entities,
      representations.map(() => null),
    );
    const own = (await t.ask(query, { r: representations.slice(0, 5) }, other))._entities;
    assert.deepEqual(
      own.map(({ __typename }: Data) => __typename),
      ['Organization', 'User', 'Partner', 'ApiKey', 'PersistedDocument'],
    );
  });

  test('given many partners at once, then the organization’s events have no gap', async () => {
    await Promise.all(Array.from({ length: 8 }, (_, index) => t.mutate('createPartner', { name: `P${index}` }, owner)));
    await t.auth.drained();
    const versions = t.events.filter(({ aggregateId }) => aggregateId === owner.tenantId).map(({ version }) => version);
    assert.deepEqual(
      versions,
      versions.map((_, index) => index + 1),
    );
  });

  test('apiKeys lists page by page, newest first, with the partner of each', async () => {
    const { actor } = await t.signUp();
    const { partner } = await t.mutate('createPartner', { name: 'Paged' }, actor);
    for (let index = 0; index < 5; index++) await createKey({ name: `k${index}`, partnerId: partner.id }, actor);
    const query = `query ($after: String) { apiKeys(first: 2, after: $after) {
      edges { node { name partner { name } } } pageInfo { hasNextPage endCursor } } }`;
    const names: string[] = [];
    for (let after: string | null = null; ; ) {
      const { apiKeys } = await t.ask(query, { after }, actor);
      names.push(...apiKeys.edges.map(({ node }: Data) => `${node.name} ${node.partner.name}`));
      if (!apiKeys.pageInfo.hasNextPage) break;
      after = apiKeys.pageInfo.endCursor;
    }
    assert.deepEqual(names, ['k4 Paged', 'k3 Paged', 'k2 Paged', 'k1 Paged', 'k0 Paged']);
  });
});
