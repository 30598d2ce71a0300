import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { buildASTSchema, Kind, type OperationDefinitionNode, parse } from 'graphql';
import { readCacheHints } from './cacheHints.ts';
import { cachePolicyOf } from './cachePolicy.ts';

const definitions = `
  directive @cacheControl(maxAge: Int, scope: String, inheritMaxAge: Boolean) on FIELD_DEFINITION | OBJECT | INTERFACE | UNION
  type Query {
    number: Int
    kept: Int @cacheControl(maxAge: 10)
    book: Book @cacheControl(maxAge: 60)
    plain: Book
    author: Author
    reader: Reader @cacheControl(maxAge: 30)
    found: Found @cacheControl(maxAge: 50)
    node: Node @cacheControl(maxAge: 50)
  }
  type Book { title: String reviews: [Review!]! @cacheControl(maxAge: 5) publisher: Publisher stock: Int @cacheControl(maxAge: 1) author: Author }
  type Review { text: String mine: Int @cacheControl(scope: "PRIVATE") }
  type Publisher @cacheControl(inheritMaxAge: true) { name: String book: Book @cacheControl(inheritMaxAge: true) }
  type Author @cacheControl(maxAge: 20) { name: String }
  type Reader @cacheControl(scope: "PRIVATE") { name: String }
  union Found = Book | Author
  interface Node { id: ID }
  type Short implements Node { id: ID @cacheControl(maxAge: 2) }
`;
const document = parse(definitions, { noLocation: true });
const context = { schema: buildASTSchema(document), hints: readCacheHints(document) };

const policyOf = (query: string) => {
  const { definitions: parsed } = parse(query);
  const operation = parsed.find(({ kind }) => kind === Kind.OPERATION_DEFINITION) as OperationDefinitionNode;
  const fragments = parsed.filter((one) => one.kind === Kind.FRAGMENT_DEFINITION);
  return cachePolicyOf(context, operation, new Map(fragments.map((one) => [one.name.value, one])));
};
const keeps = (maxAgeSeconds: number, isPrivate = false) => ({ maxAgeSeconds, isPrivate });

describe('how long an answer may be kept', () => {
  for (const [what, query, expected] of [
    ['a root field without a hint: not at all', '{ number }', null],
    ['a root field with one', '{ kept }', keeps(10)],
    ['the shortest of several counts', '{ kept book { title } }', keeps(10)],
    ['one that may not be kept spoils all', '{ kept number }', null],
    ['scalars last as long as what they are of', '{ book { title } }', keeps(60)],
    ['a hint at a field below', '{ book { stock } }', keeps(1)],
    ['objects below without a hint: not at all', '{ plain { title } }', null],
    ['a list of objects with one', '{ book { reviews { text } } }', keeps(5)],
    ['a hint at the type', '{ author { name } }', keeps(20)],
    ['a type that inherits', '{ book { publisher { name } } }', keeps(60)],
    ['a field that inherits', '{ book { publisher { book { title } } } }', keeps(60)],
    ['one PRIVATE field makes all of it private', '{ book { reviews { mine } } }', keeps(5, true)],
    ['a private type', '{ reader { name } }', keeps(30, true)],
    ['through fragments', '{ ...F } fragment F on Query { book { ...G } } fragment G on Book { stock }', keeps(1)],
    ['of a union all that is asked', '{ found { ... on Book { stock } ... on Author { name } } }', keeps(1)],
    ['of an interface all that it may be', '{ node { id } }', keeps(2)],
    ['what a condition may leave out counts', 'query($a: Boolean!) { kept number @include(if: $a) }', null],
    ['__typename changes nothing', '{ __typename kept }', keeps(10)],
    ['introspection is not kept', '{ kept __schema { types { name } } }', null],
  ] as const)
    test(what, () => assert.deepEqual(policyOf(query), expected));

  test('a mutation is not', () => {
    const schema = buildASTSchema(parse('type Query { a: Int } type Mutation { a: Int }'));
    const [operation] = parse('mutation { a }').definitions;
    assert.equal(cachePolicyOf({ ...context, schema }, operation as OperationDefinitionNode, new Map()), null);
  });

  test('a hint that says what cannot be is refused, naming its place', () => {
    for (const [hint, message] of [
      ['maxAge: -1', /Query\.a: maxAge is negative/],
      ['scope: "SECRET"', /Query\.a: scope is PUBLIC or PRIVATE/],
    ] as const)
      assert.throws(() => readCacheHints(parse(`type Query { a: Int @cacheControl(${hint}) }`)), message);
  });

  test('the longest of all is known', () => {
    assert.equal(context.hints.longestSeconds, 60);
    assert.equal(readCacheHints(parse('type Query { a: Int }')).longestSeconds, 0);
  });
});
