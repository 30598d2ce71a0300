import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import type { Actor } from '@parley/kernel/actor';
import { type Data, startTestAuth, type TestAuth } from '../auth.fixture.ts';

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const me = { name: 'Me', body: 'query Me { viewer { id } }' };

describe('persisted documents', () => {
  let t: TestAuth;
  let owner: Actor;
  let partnerId: string;
  before(async () => {
    t = await startTestAuth();
    owner = (await t.signUp()).actor;
    partnerId = (await t.mutate('createPartner', { name: 'Globex' }, owner)).partner.id;
  });
  after(() => t.stop());
  const publish = (manifest: readonly object[], input: object = {}): Promise<Data> =>
    t.mutate('publishPersistedDocuments', { manifest, ...input }, owner);
  const find = async (hash: string, partner: string | null, tenantId = owner.tenantId): Promise<Data> =>
    (
      await t.ask(
        'query ($t: ID!, $p: ID, $h: String!) { publishedDocument(tenantId: $t, partnerId: $p, hash: $h) { name body } }',
        { t: tenantId, p: partner, h: hash },
      )
    ).publishedDocument;
  const issuesOf = async (manifest: readonly object[]) => {
    const { code, issues } = await publish(manifest);
    assert.equal(code, 'INVALID_INPUT');
    return issues as { path: string[]; message: string }[];
  };

  test('given valid documents, then each is found by the sha256 of its text, by whom it was published for', async () => {
    const anonymous = {
      name: 'list',
      body: '{ conversations(first: 3) { ...C } } fragment C on Conversation { id turns }\n',
    };
    const { documents } = await publish([me, anonymous], { partnerId });
    assert.deepEqual(
      documents.map(({ name, hash }: Data) => [name, hash]),
      [me, anonymous].map(({ name, body }) => [name, sha256(body)]),
    );
    assert.deepEqual({ ...(await find(sha256(anonymous.body), partnerId)) }, anonymous);
    assert.equal(await find(sha256(me.body), null), null, 'J01 not the organization’s own');
    await publish([me]);
    assert.deepEqual({ ...(await find(sha256(me.body), null)) }, me);
  });

  test('J06 given the same manifest again, or a new body under an old name, then the old hash keeps working', async () => {
    const first = await publish([me], { partnerId });
    assert.deepEqual((await publish([me], { partnerId })).documents, first.documents);
    const changed = { name: 'Me', body: 'query Me { viewer { __typename id } }' };
    await publish([changed], { partnerId });
    assert.deepEqual({ ...(await find(sha256(me.body), partnerId)) }, me);
    assert.deepEqual({ ...(await find(sha256(changed.body), partnerId)) }, changed);
  });

  test('given one bad document, then none is published, and each issue names its document', async () => {
    const fine = { name: 'Fine', body: 'query Fine { viewer { __typename } }' };
    const bad: [body: string, says: RegExp][] = [
      ['', /Syntax Error/],
      ['query {', /Syntax Error/],
      ['query A { viewer { id } } query B { viewer { id } }', /exactly one operation, not 2/],
      ['fragment F on Viewer { id }', /exactly one operation, not 0/],
      ['type Query { a: Int }', /exactly one operation, not 0/],
      ['{ signingKeys { kid } }', /Cannot query field/],
      ['{ viewer { id } } fragment F on Viewer { id }', /Fragment "F" is never used/],
      ['{ conversations(first: "x") { id } }', /Int cannot represent/],
      ['query Other { viewer { id } }', /named Other too/],
      [`{ viewer { id } } #${'x'.repeat(100_000)}`, /100,000 bytes/],
      [`{ viewer { ${'id '.repeat(25_000)} } }`, /Document contains more that 20000 tokens|token/i],
      ['{ viewer { id } } # \u0000', /./],
    ];
    const issues = await issuesOf([fine, ...bad.map(([body], index) => ({ name: `bad${index}`, body }))]);
    assert.deepEqual(
      issues.map(({ path }) => path),
      bad.map((_, index) => ['manifest', String(index + 1), 'body']),
    );
    for (const [index, { message }] of issues.entries()) assert.match(message, bad[index]?.[1] as RegExp);
    assert.equal(await find(sha256(fine.body), null), null);
  });

  test('given a name or a text twice, a bad name, too many or none, then it is refused', async () => {
    const other = { name: 'Me', body: 'query Me { viewer { a: id } }' };
    assert.deepEqual((await issuesOf([me, other]))[0]?.path, ['manifest', '1', 'name']);
    const text = '{ viewer { b: id } }';
    const twins = [
      { name: 'one', body: text },
      { name: 'two', body: text },
    ];
    assert.deepEqual((await issuesOf(twins))[0]?.path, ['manifest', '1', 'body']);
    assert.deepEqual((await issuesOf([{ name: '\n', body: text }]))[0]?.path, ['manifest', '0', 'name']);
    assert.deepEqual((await issuesOf([]))[0]?.path, ['manifest']);
    const many = Array.from({ length: 1001 }, (_, index) => ({
      name: `n${index}`,
      body: `{ viewer { a${index}: id } }`,
    }));
    assert.deepEqual((await issuesOf(many))[0]?.path, ['manifest']);
    const { documents } = await publish(many.slice(1), { partnerId });
    assert.equal(documents.length, 1000);
  });

  test('given documents written to keep a validator busy, then the answer comes in time', async () => {
    const overlapping = `{ ${'conversations { id } '.repeat(3000)} }`;
    const start = performance.now();
    await publish([{ name: 'busy', body: overlapping }]);
    assert.ok(performance.now() - start < 5000, `${performance.now() - start} ms`);
  });

  test('J05 I29 given a misshapen hash, or another organization’s ids, then nothing is found', async () => {
    await publish([me], { partnerId });
    const other = (await t.signUp()).actor;
    const hash = sha256(me.body);
    assert.ok(await find(hash, partnerId));
    for (const [h, p, tenant] of [
      [hash.toUpperCase(), partnerId, owner.tenantId],
      [hash.slice(1), partnerId, owner.tenantId],
      [`sha256:${hash}`, partnerId, owner.tenantId],
      [hash, partnerId, other.tenantId],
      [hash, 'no-id', owner.tenantId],
      [hash, partnerId, 'no-id'],
    ] as const) {
      assert.equal(await find(h, p, tenant), null);
    }
  });

  test('the event tells which hashes, and for whom', async () => {
    await publish([me], { partnerId });
    await t.auth.drained();
    const told = t.events.filter(({ type }) => type === 'auth.PersistedDocumentsPublished').at(-1);
    assert.deepEqual(told?.data, { partnerId, hashes: [sha256(me.body)] });
  });
});
