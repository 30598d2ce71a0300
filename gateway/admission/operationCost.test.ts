import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { composeServices } from '@apollo/composition';
import { type FragmentDefinitionNode, GraphQLError, Kind, type OperationDefinitionNode, parse } from 'graphql';
import { loadSupergraphSdl } from '../planning/supergraph.ts';
import { readCostRules } from './costRules.ts';
import { compileCost, type OperationCost } from './operationCost.ts';

const shop = (link: string) => /* GraphQL */ `
  extend schema ${link}
  type Query {
    product(id: ID!): Product
    products(first: Int = 20, last: Int): [Product!] @listSize(slicingArguments: ["first", "last"])
    page(first: Int): ProductPage @listSize(assumedSize: 50, slicingArguments: ["first"], sizedFields: ["edges"], requireOneSlicingArgument: false)
    hits: [Hit!] @listSize(assumedSize: 4)
    grid: [[Cell!]!] @listSize(assumedSize: 3)
    report: Report @cost(weight: 40)
    unlisted: [Product]
    find(filter: Filter, tags: [String!], boost: Int @cost(weight: 7)): Product
  }
  type Mutation {
    rename(id: ID!): Product
    import: Product @cost(weight: 100)
  }
  type ProductPage { edges: [ProductEdge!] total: Int }
  type ProductEdge @cost(weight: 0) { node: Product! }
  type Product implements Named @key(fields: "id") { id: ID! name: String! parent: Product price: Money related: [Product!] @listSize(assumedSize: 2) }
  type Cell { value: Int }
  type Report { total: Int }
  interface Named { name: String! }
  union Hit = Product | Report
  scalar Money @cost(weight: 3)
  input Filter { text: String and: [Filter!] price: Int @cost(weight: 2) }
`;
const reviews = /* GraphQL */ `
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])
  type Product @key(fields: "id") { id: ID! review: Review }
  type Review @key(fields: "id") { id: ID! stars: Int product: Product }
  type Query { latest: Review }
`;
const federation = 'https://specs.apollo.dev/federation/v2.9';
const compose = (text: string): string => {
  const { supergraphSdl, errors } = composeServices([
    { name: 'shop', url: 'http://shop', typeDefs: parse(text) },
    { name: 'reviews', url: 'http://reviews', typeDefs: parse(reviews) },
  ]);
  return supergraphSdl ?? assert.fail(String(errors));
};
const sdl = compose(shop(`@link(url: "${federation}", import: ["@key", "@cost", "@listSize"])`));
const loaded = loadSupergraphSdl(sdl);

const costOf = (text: string, supergraph = loaded): OperationCost => {
  const document = parse(text);
  const fragments = new Map<string, FragmentDefinitionNode>();
  const [operation] = document.definitions.filter(
    (definition): definition is OperationDefinitionNode => definition.kind === Kind.OPERATION_DEFINITION,
  );
  for (const definition of document.definitions)
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
  assert.ok(operation);
  return compileCost(supergraph, { assumedListSize: 10, pageSize: 100 }, operation, fragments);
};
/** Objects, fields and calls. */
const sums = (text: string, variables: Record<string, unknown> = {}, supergraph = loaded) => {
  const cost = costOf(text, supergraph).of(variables);
  if (cost instanceof GraphQLError) return cost.message;
  return [cost.types, cost.fields, cost.calls];
};

describe('static cost', () => {
  test('an object weighs 1 and so does the field that gives it; a scalar nothing; a request to a subgraph 10 in all', () => {
    assert.deepEqual(sums('{ product(id: 1) { id name } }'), [1, 1, 1]);
    assert.deepEqual(sums('{ product(id: 1) { parent { name } } }'), [2, 2, 1]);
    const cost = costOf('{ product(id: 1) { id name } }').of({});
    assert.ok(!(cost instanceof GraphQLError));
    assert.equal(cost.total, 12);
    assert.deepEqual(sums('{ __typename __schema { types { name fields { name } } } }'), [0, 0, 0]);
  });

  test('what a list holds counts as often as the list is long: slicing arguments, then assumedSize, then what is assumed', () => {
    assert.deepEqual(sums('{ products(first: 5) { parent { name } } }'), [10, 6, 1]);
    assert.deepEqual(sums('{ products { name } }'), [20, 1, 1]);
    assert.deepEqual(sums('{ products(last: 3) { name } }'), [3, 1, 1]);
    assert.deepEqual(sums('{ unlisted { name } }'), [10, 1, 1]);
    assert.deepEqual(sums('{ unlisted { related { name } } }'), [30, 11, 1]);
    assert.deepEqual(sums('{ grid { value } }'), [30, 1, 1]);
  });

  test('J07: sizes by variables are those of this request', () => {
    const cost = costOf(
      'query($n: Int = 7, $m: Int) { products(first: $n) { name } page(first: $m) { edges { node { name } } } }',
    );
    const types = (variables: Record<string, unknown>) => {
      const given = cost.of(variables);
      return given instanceof GraphQLError ? given.extensions['code'] : given.types;
    };
    assert.equal(types({ n: 7 }), 7 + 1 + 50);
    assert.equal(types({ n: 2, m: 3 }), 2 + 1 + 3);
    assert.equal(types({ n: 1_000_000 }), 'BAD_USER_INPUT');
  });

  test('it is computed anew only where a variable may change it', () => {
    const totals = (text: string, ...given: Record<string, unknown>[]) => {
      const cost = costOf(text);
      return given.map((variables) => {
        const one = cost.of(variables);
        return one instanceof GraphQLError ? one.message : one.total;
      });
    };
    const sized = 'query($n: Int, $skipped: Boolean = true) { products(first: $n) @skip(if: $skipped) { name } }';
    assert.deepEqual(totals(sized, { skipped: true }, { n: 3 }, { n: 5 }, { skipped: true }), [10, 14, 16, 10]);
    const filtered = 'query($f: Filter, $p: Int) { a: find(filter: $f) { id } b: find(filter: {price: $p}) { id } }';
    assert.deepEqual(totals(filtered, {}, { f: { price: 1 } }, { p: 1 }, {}), [15, 18, 17, 15]);
    const fixed = costOf('query($id: ID!) { product(id: $id) { id } }');
    assert.equal(fixed.of({ id: '1' }), fixed.of({ id: '2' }));
  });

  test('sizedFields: a connection is one object, its edges are as many as were asked for', () => {
    assert.deepEqual(sums('{ page(first: 5) { edges { node { name } } total } }'), [1 + 5, 1 + 1 + 5, 1]);
    assert.deepEqual(sums('{ page { edges { node { name } } } }'), [1 + 50, 1 + 1 + 50, 1]);
    assert.deepEqual(
      sums('{ a: page(first: 1) { edges { node { name } } } b: page(first: 2) { edges { node { name } } } }'),
      [1 + 1 + 1 + 2, 2 + 2 + 1 + 2, 1],
    );
  });

  test('B25: a page that makes no sense is refused, also where its list is not selected', () => {
    assert.match(
      String(sums('{ products(first: 1000000) { name } }')),
      /"first" of "products" must be between 0 and 100/,
    );
    assert.match(String(sums('{ products(first: -1) { name } }')), /between/);
    assert.match(String(sums('{ page(first: 101) { total } }')), /between/);
    assert.match(String(sums('{ products(first: null) { name } }')), /needs exactly one of "first", "last"/);
    assert.match(String(sums('{ products(first: 1, last: 1) { name } }')), /needs exactly one/);
    assert.deepEqual(sums('{ products(first: 0) { name } }'), [0, 1, 1]);
    assert.deepEqual(
      sums('query($s: Boolean!) { products(first: -1) @skip(if: $s) { name } }', { s: true }),
      [0, 0, 1],
    );
  });

  test('weights of fields, types, scalars, arguments and input objects', () => {
    assert.deepEqual(sums('{ report { total } }'), [1, 40, 1]);
    assert.deepEqual(sums('{ product(id: 1) { price } }'), [1 + 3, 1, 1]);
    assert.deepEqual(sums('{ find(boost: 1, tags: ["a", "b"]) { name } }'), [1, 1 + 7, 1]);
    assert.deepEqual(sums('{ find(filter: { text: "x", price: 1 }) { name } }'), [1, 1 + 1 + 2, 1]);
    const many = 'query($f: Filter) { find(filter: $f) { name } }';
    assert.deepEqual(sums(many, { f: { and: [{ and: [] }, { price: 3 }, {}] } }), [1, 1 + 4 + 2, 1]);
    assert.deepEqual(
      sums('query($t: String) { find(filter: { and: [{ text: $t }, {}] }) { name } }', { t: 'x' }),
      [1, 4, 1],
    );
    assert.deepEqual(sums(many, {}), [1, 1, 1]);
  });

  test('mutations weigh 10, and each is a call of its own', () => {
    assert.deepEqual(sums('mutation { a: rename(id: 1) { name } b: rename(id: 2) { name } }'), [2, 20, 2]);
    assert.deepEqual(sums('mutation { import { name } }'), [1, 100, 1]);
  });

  test('of what only objects of one type have, the most expensive counts; the calls of all', () => {
    assert.deepEqual(sums('{ hits { ... on Product { parent { name } } ... on Report { total } } }'), [
      4 + 4,
      1 + 4,
      1,
    ]);
    assert.deepEqual(sums('{ hits { ... on Named { name } ... on Product { review { stars } } } }'), [8, 5, 2]);
  });

  test('fragments of one field together are the field once; aliases are so many fields', () => {
    const twice =
      '{ product(id: 1) { ...A ...B } } fragment A on Product { parent { name } } fragment B on Named { ... on Product { parent { id } } }';
    assert.deepEqual(sums(twice), [2, 2, 1]);
    assert.deepEqual(sums('{ product(id: 1) { a: parent { id } b: parent { id } } }'), [3, 3, 1]);
  });

  test('what @skip and @include leave out costs nothing', () => {
    const text = 'query($a: Boolean!) { product(id: 1) @include(if: $a) { id } report @skip(if: true) { total } }';
    assert.deepEqual(sums(text, { a: true }), [1, 1, 1]);
    assert.deepEqual(sums(text, { a: false }), [0, 0, 1]);
    const both = 'query($a: Boolean!) { product(id: 1) @include(if: $a) { id } product(id: 1) @skip(if: $a) { id } }';
    assert.deepEqual(sums(both, { a: true }), [1, 1, 1]);
    assert.deepEqual(sums(both, { a: false }), [1, 1, 1]);
  });

  test('B22: each way into another subgraph is a call, and calls that wait for another are in a row', () => {
    assert.deepEqual(sums('{ product(id: 1) { name review { stars } } }'), [2, 2, 2]);
    const zigzag = (hops: number): string =>
      `{ product(id: 1) { ${'review { product { parent { '.repeat(hops)} id ${'} } } '.repeat(hops)} } }`;
    assert.equal(costOf('{ product(id: 1) { review { product { price name } } } }').callsInARow, 3);
    assert.equal(costOf(zigzag(1)).callsInARow, 3);
    assert.equal(costOf(zigzag(12)).callsInARow, 25);
    assert.deepEqual(sums(zigzag(3))[2], 7);
  });

  test('B10: fragments that double at every level cost the product, computed once; sums never become infinite', () => {
    const ladder = (levels: number): string =>
      `{ product(id: 1) { ...F0 } } ${Array.from({ length: levels }, (_, n) => `fragment F${n} on Product { a: parent { ...F${n + 1} } b: parent { ...F${n + 1} } }`).join(' ')} fragment F${levels} on Product { id }`;
    assert.deepEqual(sums(ladder(3)), [1 + 2 + 4 + 8, 1 + 2 + 4 + 8, 1]);
    const cost = costOf(ladder(300)).of({});
    assert.ok(!(cost instanceof GraphQLError));
    assert.ok(Number.isFinite(cost.total) && cost.total >= 1e12);
    const deep = `{ unlisted { ${'related { '.repeat(500)} id ${'} '.repeat(500)} } }`;
    const lists = costOf(deep).of({});
    assert.ok(!(lists instanceof GraphQLError) && Number.isFinite(lists.total) && lists.total >= 1e12);
  });

  test('C19: the directives are found by what they link to, whatever they are called', () => {
    const renamed = compose(
      shop(
        `@link(url: "${federation}", import: ["@key", { name: "@cost", as: "@price" }, { name: "@listSize", as: "@long" }])`,
      )
        .replaceAll('@cost(', '@price(')
        .replaceAll('@listSize(', '@long('),
    );
    assert.deepEqual(
      sums('{ report { total } products(first: 5) { name } }', {}, loadSupergraphSdl(renamed)),
      [6, 41, 1],
    );
    const prefixed = sdl
      .replace(
        /@link\(url: "https:\/\/specs.apollo.dev\/cost[^)]*\)/,
        '@link(url: "https://specs.apollo.dev/cost/v0.1", as: "c")',
      )
      .replace(/@cost\(|directive @cost/g, (text) => text.replace('@cost', '@c__cost'))
      .replace(/@listSize\(/g, '@c__listSize(');
    assert.deepEqual(
      sums('{ report { total } products(first: 5) { name } }', {}, loadSupergraphSdl(prefixed)),
      [6, 41, 1],
    );
  });

  test('weights may be fractions and discounts; one that is no number stops the load', () => {
    const schema = (weight: string) =>
      parse(
        `schema @link(url: "https://specs.apollo.dev/cost/v0.1", import: ["@cost"]) { query: Q } type Q @cost(weight: ${weight}) { a: Int }`,
      );
    assert.equal(readCostRules(schema('"0.5"')).weightOf('Q'), 0.5);
    assert.equal(readCostRules(schema('-3')).weightOf('Q'), -3);
    assert.throws(() => readCostRules(schema('"much"')), /@cost on Q: weight is not a number/);
  });
});
