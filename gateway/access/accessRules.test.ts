import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { userWith } from '../fixture/actors.ts';
import { agentSchema } from '../fixture/agentSchema.ts';
import { authSchema } from '../fixture/authSchema.ts';
import { createBench } from '../fixture/engine.ts';
import { composeParts } from '../fixture/federation.ts';
import { salesSchema } from '../fixture/salesSchema.ts';
import { composeFixture } from '../fixture/supergraph.ts';
import { readAccessRules } from './accessRules.ts';

describe('security directives of a supergraph', () => {
  test('C13: they are read as rules and gone from what Apollo’s gateway loads', () => {
    const { sdl, rules } = readAccessRules(composeFixture());
    assert.doesNotMatch(sdl, /authenticated|requiresScopes/);
    assert.deepEqual(rules.ofField('Query', 'viewer'), [{ key: 'authenticated', of: 'identity', anyOf: [] }]);
    assert.deepEqual(rules.ofField('User', 'email')[0]?.anyOf, [['users:read', 'pii:read'], ['organization:admin']]);
    assert.equal(rules.ofType('Vault').length, 1);
    assert.equal(rules.ofField('Query', 'motd').length, 0);
  });

  test('C19: a renamed and a namespaced directive are still enforced', async () => {
    const rename = (schema: string): string =>
      schema
        .replace('"@authenticated"', '{ name: "@authenticated", as: "@signedIn" }')
        .replace(', "@requiresScopes"', '')
        .replaceAll('@authenticated\n', '@signedIn\n')
        .replaceAll('@requiresScopes(', '@federation__requiresScopes(');
    const sdl = composeFixture({ auth: rename(authSchema), sales: rename(salesSchema), agent: rename(agentSchema) });
    assert.match(sdl, /@signedIn/);
    const { run, asked } = createBench({ sdl });
    const { data } = await run('{ viewer { name } user(id: "u1") { email name } }');
    assert.deepEqual(data, { viewer: null, user: { email: null, name: 'Ada' } });
    assert.ok(asked().every(({ query }) => !query.includes('email') && !query.includes('viewer')));
  });

  test('C19: the same when the supergraph itself links the spec under another name', () => {
    const sdl = composeFixture()
      .replace(
        '@link(url: "https://specs.apollo.dev/authenticated/v0.1"',
        '@link(url: "https://specs.apollo.dev/authenticated/v0.1", as: "who"',
      )
      .replaceAll('@authenticated', '@who');
    const { sdl: stripped, rules } = readAccessRules(sdl);
    assert.equal(rules.ofField('Query', 'viewer').length, 1);
    assert.doesNotMatch(stripped, /@who/);
  });

  test('@policy: what a caller’s token says, its role and its kind; refused like a missing scope', async () => {
    const auth = authSchema
      .replace('"@authenticated",', '"@authenticated", "@policy",')
      .replace('motd: String', 'motd: String @policy(policies: [["profile", "billing"], ["role:OWNER"]])');
    const { run, asked } = createBench({ sdl: composeFixture({ auth }) });
    const analyst = { ...userWith(), role: 'ANALYST' } as const;
    const table = [
      [userWith(), 'hello'],
      [analyst, null],
      [{ ...analyst, policies: ['profile'] }, null],
      [{ ...analyst, policies: ['billing', 'profile'] }, 'hello'],
      [null, null],
    ] as const;
    for (const [actor, motd] of table) {
      const answer = await run('{ motd }', { actor });
      assert.deepEqual(answer.data, { motd }, JSON.stringify(actor));
      assert.equal(asked().length, motd === null ? 0 : 1);
      if (motd === null)
        assert.equal(
          answer.errors?.[0]?.extensions?.['code'],
          actor === null ? 'UNAUTHENTICATED' : 'UNAUTHORIZED_FIELD_OR_TYPE',
        );
    }
  });

  test('C18: a field made of what is protected asks the same: composition refuses less, and so do we at run time', async () => {
    const parts = (rule: string) => ({
      a: {
        schema:
          'type Query { item: Item } type Item @key(fields: "id") { id: ID! price: Int @requiresScopes(scopes: [["prices"]]) }',
      },
      b: {
        schema: `type Item @key(fields: "id") { id: ID! price: Int @external label: String @requires(fields: "price") ${rule} }`,
      },
    });
    assert.throws(() => composeParts(parts('')), /requiresScopes|auth/i);
    // As a supergraph composed before that was refused.
    const composed = composeParts(parts('@requiresScopes(scopes: [["prices"]])'));
    const older = composed.replace(/(label: String .*?) @requiresScopes\(scopes: \[\["prices"\]\]\)/, '$1');
    assert.notEqual(older, composed);
    const { rules } = readAccessRules(older);
    assert.deepEqual(rules.ofField('Item', 'label'), rules.ofField('Item', 'price'));
    const { run } = createBench({ sdl: older });
    const refused = await run('{ item { label } }', { actor: userWith() });
    assert.deepEqual(refused.data, { item: null });
    assert.deepEqual(
      refused.errors?.map(({ path }) => path),
      [['item', 'label']],
    );
  });

  test('C17: an interface asks what any of its implementations asks', async () => {
    const iface = `
      extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@requiresScopes", "@key", "@inaccessible", "@authenticated", "@shareable"])
    `;
    const auth = authSchema
      .replace(/extend schema[\s\S]*?\n {4}\)/, iface)
      .replace('motd: String', 'motd: String pet: Pet pets: [Pet!]')
      .concat(
        'interface Pet { id: ID! tag: String } type Cat implements Pet { id: ID! tag: String @requiresScopes(scopes: [["pets"]]) } type Dog implements Pet { id: ID! tag: String }',
      );
    const { run, world } = createBench({ sdl: composeFixture({ auth }) });
    world.sabotage = async () => ({ data: { pet: { __typename: 'Dog', id: '1', tag: 'x' } } });
    const refused = await run('{ pet { id tag ... on Dog { own: tag } } }', { actor: userWith() });
    assert.deepEqual(
      refused.errors?.map(({ path }) => path),
      [['pet', 'tag']],
    );
    const granted = await run('{ pet { id tag } }', { actor: userWith('pets') });
    assert.deepEqual(granted.data, { pet: { id: '1', tag: 'x' } });
  });
});
