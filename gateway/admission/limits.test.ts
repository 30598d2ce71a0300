import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { GraphQLError, getIntrospectionQuery, parse } from 'graphql';
import { createBench } from '../fixture/engine.ts';
import { defaultOperationLimits, findBrokenLimit } from './limits.ts';

const { engine } = createBench();
const repeat = (count: number, text: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => text(index)).join(' ');

/** The code a document is refused with; null if it is not. How long that takes: bench/corpus.ts. */
const refusedAs = (query: string): unknown => {
  const result = engine.documents.prepare(query);
  if (!(result instanceof GraphQLError)) return null;
  assert.ok(JSON.stringify(result.toJSON()).length < 1000, 'an error is short');
  return result.extensions['code'];
};
const ladder = (levels: number): string =>
  `{ ...F0 } ${repeat(levels, (n) => `fragment F${n} on Query{a:user(id:1){...U${n}}b:user(id:1){...U${n}}} fragment U${n} on User{a:manager{...U${n + 1}}b:manager{...U${n + 1}}}`)} fragment U${levels} on User{id}`;

describe('B: how large an operation may be', () => {
  test('B01: aliases, also of __typename', () => {
    assert.equal(refusedAs(`{ user(id: 1) { ${repeat(200, (n) => `a${n}: __typename`)} } }`), 'ALIAS_LIMIT_EXCEEDED');
    assert.equal(refusedAs(`{ ${repeat(2000, (n) => `a${n}: __typename`)} }`), 'TOKEN_LIMIT_EXCEEDED');
  });
  test('B02 B03: repeated fields, leaves and objects', () => {
    assert.equal(refusedAs(`{ user(id: 1) { ${'name '.repeat(8000)} } }`), 'TOKEN_LIMIT_EXCEEDED');
    assert.equal(refusedAs(`{ user(id: 1) { ${'name '.repeat(1100)} } }`), 'SELECTION_LIMIT_EXCEEDED');
    assert.equal(refusedAs(`{ user(id: 1) { ${'manager{id} '.repeat(900)} } }`), 'SELECTION_LIMIT_EXCEEDED');
    assert.equal(refusedAs(`{ user(id: 1) { ${'manager{id} '.repeat(230)} } }`), 'REPETITION_LIMIT_EXCEEDED');
    const spread = (count: number): string =>
      `{ user(id: 1) { ${repeat(count, (n) => `...F${n}`)} } } ${repeat(count, (n) => `fragment F${n} on User { id manager { id } }`)}`;
    assert.equal(refusedAs(spread(130)), null);
    assert.equal(refusedAs(spread(190)), 'REPETITION_LIMIT_EXCEEDED');
    const circle = 'fragment A on User { a: manager { ...A } b: manager { ...A } }';
    assert.equal(refusedAs(`{ user(id: 1) { ...A } } ${circle}`), 'GRAPHQL_VALIDATION_FAILED');
  });
  test('B04: directives', () => {
    assert.equal(refusedAs(`{ motd ${'@skip(if: false) '.repeat(300)} }`), 'DIRECTIVE_LIMIT_EXCEEDED');
  });
  test('B05 B06: depth', () => {
    assert.equal(
      refusedAs(`{ user(id: 1) { ${'manager { '.repeat(500)} id ${'} '.repeat(500)} } }`),
      'DEPTH_LIMIT_EXCEEDED',
    );
    assert.equal(
      refusedAs(
        `{ ...A } fragment A on Query { user(id: 1) { ...B } } fragment B on User { ${'manager { '.repeat(15)} id ${'} '.repeat(15)} }`,
      ),
      'DEPTH_LIMIT_EXCEEDED',
    );
  });
  test('B08 B09 B10: fragment bombs and ladders, by their expanded size', () => {
    const bomb = (levels: number): string =>
      `{ user(id: 1) { ...F0 } } ${repeat(levels, (n) => `fragment F${n} on User { ...F${n + 1} ...F${n + 1} }`)} fragment F${levels} on User { id }`;
    for (const levels of [20, 28]) assert.equal(refusedAs(bomb(levels)), 'SELECTION_LIMIT_EXCEEDED');
    for (const levels of [8, 10, 14])
      assert.match(String(refusedAs(ladder(levels))), /^(ALIAS|SELECTION|DEPTH)_LIMIT_EXCEEDED$/, String(levels));
  });
  test('B11: a circle of fragments', () => {
    assert.equal(
      refusedAs('{ user(id: 1) { ...A } } fragment A on User { ...B } fragment B on User { ...A }'),
      'GRAPHQL_VALIDATION_FAILED',
    );
  });
  test('B12: nested inline fragments', () => {
    assert.equal(
      refusedAs(
        `{ user(id: 1) { ${'... on User { '.repeat(60)} ${'id ... on User { id } '.repeat(480)} ${'} '.repeat(60)} } }`,
      ),
      'SELECTION_LIMIT_EXCEEDED',
    );
  });
  test('B13 B14: many mistakes are one error', () => {
    assert.equal(refusedAs(`query(${repeat(500, (n) => `$v${n}: Int`)}) { motd }`), 'GRAPHQL_VALIDATION_FAILED');
    assert.equal(refusedAs(`{ user(id: 1) { ${repeat(900, (n) => `x${n}`)} } }`), 'GRAPHQL_VALIDATION_FAILED');
  });
  test('B15 B16: long and deep literals', () => {
    assert.equal(refusedAs(`{ user(id: [${'"SECRET",'.repeat(9000)}]) { id } }`), 'BYTE_LIMIT_EXCEEDED');
    assert.equal(refusedAs(`{ user(id: [${'"S",'.repeat(3000)}]) { id } }`), 'GRAPHQL_VALIDATION_FAILED');
    assert.equal(
      refusedAs(`{ user(id: ${'['.repeat(1500)}1${']'.repeat(1500)}) { id } }`),
      'VALUE_DEPTH_LIMIT_EXCEEDED',
    );
    assert.match(String(refusedAs(`{ user(id: ${'['.repeat(5000)}1${']'.repeat(5000)}) { id } }`)), /_LIMIT_EXCEEDED$/);
  });
  test('B17: operations in a document; root fields', () => {
    assert.equal(refusedAs(repeat(2000, () => '{motd}')), 'TOKEN_LIMIT_EXCEEDED');
    assert.equal(refusedAs(repeat(20, (n) => `query Q${n} {motd}`)), 'OPERATION_LIMIT_EXCEEDED');
    assert.equal(
      refusedAs(`mutation { ${repeat(30, (n) => `a${n}: appendAuth(text: "x")`)} }`),
      'ROOT_FIELD_LIMIT_EXCEEDED',
    );
  });
  test('B18 B19: commas, an open block string', () => {
    assert.equal(refusedAs(`{ motd ${','.repeat(50_000)} }`), null);
    assert.equal(refusedAs(`{ motd(a: """${'x'.repeat(60_000)}) }`), 'GRAPHQL_PARSE_FAILED');
  });
  test('B20: introspection that goes round and round', () => {
    assert.equal(
      refusedAs(`{ __schema { types { ${'fields { type { '.repeat(28)} name ${'} } '.repeat(28)} } } }`),
      'DEPTH_LIMIT_EXCEEDED',
    );
  });
  test('what tools and people send passes', () => {
    assert.equal(refusedAs(getIntrospectionQuery({ inputValueDeprecation: true, directiveIsRepeatable: true })), null);
    assert.equal(findBrokenLimit(parse('{ a }'), defaultOperationLimits), null);
  });
});
