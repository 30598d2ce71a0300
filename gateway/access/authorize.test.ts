import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { admin, service, userWith } from '../fixture/actors.ts';
import { createBench } from '../fixture/engine.ts';
import type { Requirement } from './accessRules.ts';
import { isMet } from './authorize.ts';

const codes = (errors: readonly { extensions?: { [key: string]: unknown } }[] | undefined) =>
  errors?.map(({ extensions }) => extensions?.['code']);
const paths = (errors: readonly { path?: readonly (string | number)[] }[] | undefined) =>
  errors?.map(({ path }) => path?.join('.'));

const hitsOf = (data: Record<string, unknown> | null): unknown[] => (Array.isArray(data?.['hits']) ? data['hits'] : []);

test('C16: scopes are an OR of ANDs', () => {
  const requirement: Requirement = { key: '', of: 'scopes', anyOf: [['a', 'b'], ['c']] };
  const table = [
    [[], false],
    [['a'], false],
    [['b'], false],
    [['a', 'b'], true],
    [['c'], true],
    [['a', 'c'], true],
    [['ab'], false],
  ] as const;
  for (const [scopes, expected] of table)
    assert.equal(isMet(requirement, userWith(...scopes)), expected, scopes.join());
  assert.equal(isMet(requirement, null), false);
  assert.equal(isMet(requirement, service), true);
  assert.equal(isMet({ key: '', of: 'identity', anyOf: [] }, userWith()), true);
  assert.equal(isMet({ key: '', of: 'scopes', anyOf: [] }, userWith('a')), false);
});

describe('what a caller may not have', () => {
  test('C14: @authenticated without an identity is null and UNAUTHENTICATED; the rest is answered', async () => {
    const { run, asked } = createBench();
    const { data, errors } = await run('{ viewer { name } motd }');
    assert.deepEqual(data, { viewer: null, motd: 'hello' });
    assert.deepEqual(codes(errors), ['UNAUTHENTICATED']);
    assert.deepEqual(paths(errors), ['viewer']);
    assert.ok(asked().every(({ query }) => !query.includes('viewer')));
  });

  test('C15: @requiresScopes without the scope is UNAUTHORIZED_FIELD_OR_TYPE, and its subgraph never hears of the field', async () => {
    const { run, asked } = createBench();
    const { data, errors } = await run('{ user(id: "u1") { name mail: email } }', { actor: userWith('users:read') });
    assert.deepEqual(data, { user: { name: 'Ada', mail: null } });
    assert.deepEqual(codes(errors), ['UNAUTHORIZED_FIELD_OR_TYPE']);
    assert.deepEqual(paths(errors), ['user.mail']);
    assert.ok(asked().every(({ query }) => !query.includes('email')));
    const granted = await run('{ user(id: "u1") { mail: email } }', { actor: userWith('users:read', 'pii:read') });
    assert.deepEqual(granted, { data: { user: { mail: 'ada@example.com' } } });
  });

  test('one compiled operation serves callers of different rights, each their own part', async () => {
    const { run } = createBench();
    const query = '{ user(id: "u1") { name email } secretNumber }';
    for (let round = 0; round < 2; round++) {
      assert.deepEqual((await run(query, { actor: admin })).data, {
        user: { name: 'Ada', email: 'ada@example.com' },
        secretNumber: 42,
      });
      assert.deepEqual((await run(query, { actor: userWith() })).data, {
        user: { name: 'Ada', email: null },
        secretNumber: null,
      });
      assert.deepEqual((await run(query, { actor: userWith('conversations:read') })).data, {
        user: { name: 'Ada', email: null },
        secretNumber: 42,
      });
      assert.deepEqual(codes((await run(query)).errors), ['UNAUTHENTICATED', 'UNAUTHENTICATED']);
    }
  });

  test('C17: by type, through a union, fragment and alias', async () => {
    const { run, asked } = createBench();
    const query =
      'query { hits: search(text: "vault") { __typename ...V ... on Turn { id } } r: adminReport { total } } fragment V on Vault { c: code }';
    const { data, errors } = await run(query, { actor: userWith() });
    assert.deepEqual(paths(errors), ['hits.@.c', 'r']);
    assert.deepEqual(data?.['r'], null);
    assert.deepEqual(hitsOf(data)[3], { __typename: 'Vault', c: null });
    assert.ok(asked().every(({ query: text }) => !text.includes('code')));
    const granted = await run(query, { actor: admin });
    assert.deepEqual(hitsOf(granted.data)[3], { __typename: 'Vault', c: '42' });
  });

  test('C17: a field of one implementation, through the interface’s fragment', async () => {
    const { run, asked } = createBench();
    const { data, errors } = await run('{ media { title ... on Media { ... on Slide { secret page } } } }', {
      actor: userWith(),
    });
    assert.deepEqual(data, { media: [{ title: 'Intro' }, { title: 'Prices', secret: null, page: 7 }] });
    assert.deepEqual(paths(errors), ['media.@.secret']);
    assert.ok(asked().every(({ query }) => !query.includes('secret')));
  });

  test('C20: a protected non-null field bubbles, without a second error', async () => {
    const { run } = createBench();
    const inner = await run('{ user(id: "u1") { name salary } motd }', { actor: userWith() });
    assert.deepEqual(inner.data, { user: null, motd: 'hello' });
    assert.equal(inner.errors?.length, 1);
    const outer = await run('{ requiredMotd motd }');
    assert.equal(outer.data, null);
    assert.deepEqual(codes(outer.errors), ['UNAUTHENTICATED']);
  });

  test('C21: a whole operation refused calls no subgraph; a field left without a selection is not fetched', async () => {
    const { run, asked } = createBench();
    const whole = await run('{ viewer { name } user(id: "u1") { email } }');
    assert.deepEqual(whole.data, { viewer: null, user: null });
    assert.equal(asked().length, 0);
  });

  test('a field refused in one place and allowed in another of the same key is answered', async () => {
    const { run } = createBench();
    const { data } = await run('{ user(id: "u1") { email } ... on Query { user(id: "u1") { name } } }', {
      actor: userWith(),
    });
    assert.deepEqual(data, { user: { email: null, name: 'Ada' } });
  });

  test('a mutation beside a refused field still runs', async () => {
    const { run, world } = createBench();
    await run('mutation { appendAuth(text: "x") }');
    assert.deepEqual(world.log, ['auth x']);
  });
});
