import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { GraphQLError } from 'graphql';
import { createBench } from '../fixture/engine.ts';

describe('what many texts of one operation cost', () => {
  /** The operation a text names, as the engine keeps it. */
  const finder = () => {
    const { engine, run } = createBench();
    const find = (text: string) => {
      const document = engine.documents.prepare(text);
      assert.ok(!(document instanceof GraphQLError), String(document));
      const operation = engine.find(document, document.operations[0]?.name?.value);
      assert.ok(!(operation instanceof GraphQLError));
      return operation;
    };
    return { engine, run, find };
  };

  test('B24: other names, white space and comments are the same plan, kept once, each under its own name', async () => {
    const { engine, run, find } = finder();
    const first = find('query First { user(id: "u1") { name } }');
    const plan = engine.compiledFor(first, null, {});
    for (let i = 0; i < 2000; i++) {
      const alike = find(`query Name${i} {\n${' '.repeat(i % 7)}user(id: "u1") # ${i}\n { name } }`);
      assert.equal(alike.compiled, first.compiled);
      assert.equal(engine.compiledFor(alike, null, {}), plan);
      assert.equal(alike.node.name?.value, `Name${i}`);
    }
    assert.deepEqual((await run('query Other { user(id: "u1") { name } }')).data, { user: { name: 'Ada' } });
    assert.notEqual(find('query Other { user(id: "u1") { name id } }').compiled, first.compiled);
    assert.notEqual(find('query Other { user(id: "u2") { name } }').compiled, first.compiled);
  });

  test('B24: two operations of one document, and fragments, are not mixed up', async () => {
    const { run } = finder();
    const both = 'query A { motd } query B { version }';
    assert.deepEqual((await run(both, { operationName: 'B' })).data, { version: '1' });
    assert.deepEqual((await run(both, { operationName: 'A' })).data, { motd: 'hello' });
    const withFragment = (field: string) => `{ user(id: "u1") { ...F } } fragment F on User { ${field} }`;
    assert.deepEqual((await run(withFragment('name'))).data, { user: { name: 'Ada' } });
    assert.deepEqual((await run(withFragment('id'))).data, { user: { id: 'u1' } });
  });

  test('B23: ten thousand literals keep no more documents and plans than there is room for', () => {
    const { engine, find } = finder();
    const hashes: string[] = [];
    for (let i = 0; i < 10_000; i++) hashes.push(find(`{ user(id: "u${i}") { name } }`).document.hash);
    const kept = hashes.filter((hash) => engine.documents.byHash(hash) !== undefined);
    assert.equal(kept.length, 1000);
  });

  test('a text with half of a surrogate pair is not taken for the one that is written as its hash is', async () => {
    const { engine, find } = finder();
    const text = (inner: string) => `{ user(id: "${inner}") { name } }`;
    const [half, replaced] = [text('\ud800'), text('\ufffd')];
    assert.ok(engine.documents.prepare(half) instanceof GraphQLError);
    find(replaced);
    assert.ok(engine.documents.prepare(half) instanceof GraphQLError);
  });
});
