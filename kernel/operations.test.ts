import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { buildSubgraphSchema } from '@apollo/subgraph';
import { type ExecutionResult, GraphQLError, GraphQLScalarType, parse } from 'graphql';
import { randomOf } from './fixture/randomOf.ts';
import { createOperations } from './operations.ts';

const typeDefs = parse(`
  scalar Moment
  enum Mood { GOOD BAD }
  input Filter { moods: [Mood!] = [GOOD], since: Moment, tag: String! }
  interface Thing { id: ID! near: Thing }
  type Cat implements Thing @key(fields: "id") { id: ID! lives: Int! mother: Cat near: Thing }
  type Dog implements Thing @key(fields: "id") { id: ID! name: String near: Thing }
  union Pet = Cat | Dog
  type Query {
    hello(name: String = "you"): String!
    echo(filter: Filter!): String
    moment(at: Moment!): Moment
    mood: Mood
    things: [Thing]!
    pet(kind: String!): Pet
    cats: [Cat!]
    later(ms: [Int!]!): [Int]
    strict(ms: [Int!]!): [Int!]
    refused: Int
    broken: Int
    brokenNow: Int!
    inner: Cat
    leaves: [Leaves]
    near: Thing
  }
  type Leaves { id: ID text: String whole: Int number: Float flag: Boolean }
  type Mutation { append(word: String!): [String!]! }
  type Subscription { count(to: Int!): Int! refusedCount: Int }
`);
const moment = new GraphQLScalarType<Date, string>({
  name: 'Moment',
  serialize: (value) => (value as Date).toISOString(),
  parseValue: (value) => {
    if (typeof value !== 'string' || Number.isNaN(Date.parse(value))) throw new GraphQLError('not a moment');
    return new Date(value);
  },
});
const words: string[] = [];
/** What resolvers may give for a leaf, fit or not. */
const leafValues: readonly unknown[] = [
  ...['x', '', '12', 'true', true, false, null, undefined, 10n, Symbol('s')],
  ...[0, -0, 7, 1.5, 2 ** 40, Number.NaN, Number.POSITIVE_INFINITY],
  ...[[], ['x'], {}, { valueOf: () => 'v' }, { toJSON: () => 8 }, new Date(0), new String('boxed')],
];
const after = async (ms: number): Promise<number> => {
  await delay(Math.abs(ms));
  if (ms < 0) throw new GraphQLError(`late by ${-ms}`, { extensions: { code: 'LATE' } });
  return ms;
};
const resolvers = {
  Moment: moment,
  Query: {
    hello: (_: unknown, { name }: { name: string }) => `hello ${name}`,
    echo: (_: unknown, { filter }: { filter: { since?: unknown } }) =>
      JSON.stringify({ ...filter, isDate: filter.since instanceof Date }),
    moment: (_: unknown, { at }: { at: Date }) => new Date(at.getTime() + 1000),
    mood: () => 'GOOD',
    things: () => [{ id: '1', lives: 9 }, Promise.resolve({ id: '2', name: 'Rex' }), { id: '3', neither: true }, null],
    pet: (_: unknown, { kind }: { kind: string }) => (kind === 'cat' ? { id: 'c', lives: 7 } : { id: 'd' }),
    cats: () => [
      { id: '1', lives: 9 },
      { id: '2', lives: null },
    ],
    later: (_: unknown, { ms }: { ms: number[] }) => ms.map(after),
    strict: (_: unknown, { ms }: { ms: number[] }) => ms.map(after),
    refused: () => {
      throw new GraphQLError('no', { extensions: { code: 'FORBIDDEN' } });
    },
    broken: async () => {
      throw new Error('secret');
    },
    brokenNow: () => {
      throw new Error('secret');
    },
    inner: () => ({ id: '1', lives: 9 }),
    leaves: () => leafValues.map((value) => ({ id: value, text: value, whole: value, number: value, flag: value })),
  },
  Mutation: {
    append: async (_: unknown, { word }: { word: string }) => {
      await delay(word.length % 3);
      return [...words, word].slice(words.push(word) - 1);
    },
  },
  Subscription: {
    count: {
      subscribe: async function* (_: unknown, { to }: { to: number }) {
        for (let n = 1; n <= to; n++) yield n;
      },
      resolve: (n: number) => (n === 2 ? null : n),
    },
    refusedCount: {
      subscribe: () => {
        throw new GraphQLError('not for you', { extensions: { code: 'FORBIDDEN' } });
      },
    },
  },
  Thing: {
    __resolveType: (value: object) => {
      if ('lives' in value) return 'Cat';
      if ('name' in value) return 'Dog';
      throw new Error('neither');
    },
  },
  Pet: { __resolveType: (value: object) => ('lives' in value ? 'Cat' : 'Dog') },
  Cat: {
    __resolveReference: async ({ id }: { id: string }) => {
      if (id === 'bad') throw new GraphQLError('gone', { extensions: { code: 'GONE' } });
      return id === 'none' ? null : { id, lives: 9 };
    },
    mother: async ({ id }: { id: string }) => (id.length > 3 ? null : { id: `${id}0`, lives: 9 }),
  },
  Dog: { __resolveReference: ({ id }: { id: string }) => ({ id, name: `dog ${id}` }) },
};
const schema = buildSubgraphSchema([{ typeDefs, resolvers: resolvers as never }]);

type Plain = { data?: unknown; errors?: unknown[] };
/** Errors in no particular order and without places, which neither has: graphql-js goes level by level, graphql-jit does not. */
const plain = ({ data, errors }: ExecutionResult): Plain => ({
  ...(data === undefined ? {} : { data: JSON.parse(JSON.stringify(data)) as unknown }),
  ...(errors?.length
    ? {
        errors: errors
          .map((error) => ({ message: error.message, path: error.path, code: error.extensions?.['code'] }))
          .toSorted((a, b) => JSON.stringify(a.path).localeCompare(JSON.stringify(b.path))),
      }
    : {}),
});

/** What the compiled operation answers, once it is compiled, and what graphql-js does. */
const both = async (query: string, variables: Record<string, unknown> = {}): Promise<[Plain, Plain]> => {
  const [jit, js] = [createOperations(schema), createOperations(schema, { jit: false })];
  const run = async (operations: typeof jit): Promise<Plain> => {
    const operation = operations.find(query, undefined);
    if (!('execute' in operation)) return plain({ errors: operation });
    return plain(await operation.execute({}, variables));
  };
  for (let use = 0; use < 4; use++) await run(jit);
  return [await run(jit), await run(js)];
};
const same = async (query: string, variables?: Record<string, unknown>): Promise<Plain> => {
  const [jit, js] = await both(query, variables);
  assert.deepEqual(jit, js);
  return jit;
};

describe('compiled operations answer as graphql-js does', () => {
  test('fields, aliases, fragments, enums, scalars, defaults', async () => {
    await same('query($n: String) { hello a: hello(name: $n) mood __typename }');
    await same('query($n: String) { hello(name: $n) }', { n: 'Ana' });
    await same('query($n: String) { hello(name: $n) }', { n: null });
    await same('query($at: Moment!) { moment(at: $at) }', { at: '2026-01-01T00:00:00Z' });
    await same('query($f: Filter!) { echo(filter: $f) }', { f: { tag: 'x', since: '2026-01-01T00:00:00Z' } });
    await same('query($since: Moment, $t: String!) { echo(filter: { since: $since, tag: $t, moods: [BAD] }) }', {
      since: '2026-01-01T00:00:00Z',
      t: 'y',
    });
    await same('query($n: String = "Ana", $ms: [Int!]! = [1, 2]) { hello(name: $n) later(ms: $ms) }');
    await same('query($n: String = "Ana", $ms: [Int!]! = [1, 2]) { hello(name: $n) later(ms: $ms) }', {
      n: null,
      ms: [3],
    });
    await same('query($f: Filter! = { tag: "x", since: "2026-01-01T00:00:00Z" }) { echo(filter: $f) }');
    await same('{ inner { ...C mother { ...C } } } fragment C on Cat { id lives mother { id } }');
  });

  test('whatever a resolver gives for a leaf', async () => {
    const { data } = await same('{ leaves { id text whole number flag } }');
    const [text, , number] = (data as { leaves: unknown[] }).leaves;
    assert.deepEqual(text, { id: 'x', text: 'x', whole: null, number: null, flag: null });
    assert.deepEqual(number, { id: '12', text: '12', whole: 12, number: 12, flag: null });
  });

  test('fields come in the order they are written in, whatever of them stands in fragments', async () => {
    const documents = [
      '{ ...A mood ... { hello } ...B inner { ...C lives } } fragment A on Query { hello inner { id } } fragment B on Query { cats { id } mood refused } fragment C on Cat { mother { lives ... { id } lives } id }',
      '{ a: mood ... { b: hello ... { c: mood } d: hello } e: mood ... { f: mood } ... { g: mood } h: hello }',
      '{ ...A mood ...A inner { ...C ...D } } fragment A on Query { hello } fragment C on Cat { ...D id } fragment D on Cat { lives }',
      'query ($kind: String! = "cat") { pet(kind: $kind) { ... on Dog { name } ... on Cat { lives } ... on Thing { id } __typename ... on Cat { mother { id } } } }',
    ];
    for (const document of documents) {
      const [jit, js] = await both(document);
      assert.equal(JSON.stringify(jit.data), JSON.stringify(js.data));
    }
  });

  test('random selections, in order', async () => {
    const random = randomOf(20);
    const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;
    const leaves = { Query: ['mood', 'hello', 'a: mood'], Cat: ['id', 'lives'], Dog: ['id', 'name'], Thing: ['id'] };
    const below = { Query: ['inner', 'cats', 'pet(kind: $kind)', 'things'], Cat: ['mother'] } as Record<
      string,
      string[]
    >;
    const givenBy = { inner: 'Cat', cats: 'Cat', mother: 'Cat', things: 'Thing' } as Record<string, string>;
    const within = { Pet: ['Cat', 'Dog', 'Thing'], Thing: ['Thing', 'Cat', 'Dog'] } as Record<string, string[]>;
    const selection = (type: string, depth: number): string => {
      const parts = Array.from({ length: 1 + Math.floor(random() * 4) }, () => {
        const roll = random();
        if (depth > 0 && roll < 0.3) {
          const on = random() < 0.3 ? type : pick(within[type] ?? [type]);
          return `... ${random() < 0.3 && on === type ? '' : `on ${on}`} ${selection(on, depth - 1)}`;
        }
        const field = pick(below[type] ?? ['']);
        if (depth > 0 && roll < 0.6 && field !== '') return `${field} ${selection(givenBy[field] ?? 'Pet', depth - 1)}`;
        return pick(leaves[type as keyof typeof leaves] ?? ['__typename']);
      });
      return `{ ${parts.join(' ')} }`;
    };
    for (let round = 0; round < 150; round++) {
      const query = `query ($kind: String! = "${pick(['cat', 'dog'])}") { used: pet(kind: $kind) { __typename } ...Rest } fragment Rest on Query ${selection('Query', 4)}`;
      const [jit, js] = await both(query);
      assert.equal(JSON.stringify(jit.data), JSON.stringify(js.data), query);
      // Not the words: of a field that is asked twice graphql-jit says its name twice.
      const places = ({ errors }: Plain) => errors?.map((error) => (error as { path?: unknown }).path);
      assert.deepEqual(places(jit), places(js), query);
    }
  });

  test('@skip and @include, also of the same field twice', async () => {
    const query = `query($a: Boolean!, $b: Boolean!) { mood @include(if: $a) hello @skip(if: $b)
      inner @include(if: $a) { id ... @skip(if: $b) { lives } ...M @include(if: $b) } inner { mother { id @include(if: $b) lives } } }
      fragment M on Cat { mother { id } }`;
    for (const a of [true, false]) for (const b of [true, false]) await same(query, { a, b });
  });

  test('abstract types, and one that cannot be resolved', async () => {
    await same('query($k: String!) { pet(kind: $k) { __typename ... on Cat { id lives } ... on Dog { name } } }', {
      k: 'cat',
    });
    const [jit, js] = await both('{ things { __typename id ... on Cat { lives } ... on Dog { name } } }');
    assert.deepEqual(jit.data, js.data);
    assert.deepEqual(
      [jit, js].map(({ errors }) => errors?.map((error) => (error as { path: unknown }).path)),
      [[['things', 2]], [['things', 2]]],
    );
  });

  test('items that come late, in any order, and are refused', async () => {
    await same('query($ms: [Int!]!) { later(ms: $ms) }', { ms: [30, -10, 1, -20, 5] });
    await same('query($ms: [Int!]!) { strict(ms: $ms) }', { ms: [30, 10, 1] });
    await same('query($ms: [Int!]!) { strict(ms: $ms) }', { ms: [3, -1, 2] });
  });

  test('what a resolver throws, at once or later, where null may be and where not', async () => {
    const refused = await same('{ refused mood }');
    assert.deepEqual(refused.errors, [{ message: 'no', path: ['refused'], code: 'FORBIDDEN' }]);
    await same('{ broken mood }');
    await same('{ brokenNow mood }');
    const bubbled = await same('{ cats { id lives } mood }');
    assert.deepEqual(bubbled.data, { cats: null, mood: 'GOOD' });
  });

  test('variables that do not fit are the request’s error: no data, no path, no resolver called', async () => {
    for (const [query, variables] of [
      ['query($at: Moment!) { moment(at: $at) }', { at: 'soon' }],
      ['query($at: Moment!) { moment(at: $at) }', {}],
      ['query($f: Filter!) { echo(filter: $f) }', { f: { tag: 1 } }],
      ['query($f: Filter!) { echo(filter: $f) }', { f: { tag: 'x', other: 1 } }],
      ['query($f: Filter!) { echo(filter: $f) }', { f: 'x' }],
      ['query($ms: [Int!]!) { later(ms: $ms) }', { ms: [2 ** 40] }],
      ['query($ms: [Int!]! = [1]) { later(ms: $ms) }', { ms: null }],
    ] as const)
      for (const { data, errors } of await both(query, variables)) {
        assert.equal(data, undefined);
        assert.ok(errors?.every((error) => (error as { path?: unknown }).path === undefined));
        assert.equal(errors?.length, 1);
      }
  });

  test('mutations run one after the other', async () => {
    const head = 'mutation($a: String!, $b: String!, $c: String!)';
    for (const body of [
      '{ a: append(word: $a) b: append(word: $b) c: append(word: $c) }',
      '{ ...A ... on Mutation { b: append(word: $b) } c: append(word: $c) } fragment A on Mutation { a: append(word: $a) }',
      '{ ...A b: append(word: $b) ...A c: append(word: $c) } fragment A on Mutation { a: append(word: $a) }',
      '{ ...B ...A c: append(word: $c) } fragment A on Mutation { b: append(word: $b) } fragment B on Mutation { a: append(word: $a) ...A }',
    ])
      for (const jit of [true, false]) {
        const operation = createOperations(schema, { jit }).find(head + body, undefined);
        for (let use = 0; use < 5; use++) {
          words.length = 0;
          assert.ok('execute' in operation);
          const { data } = await operation.execute({}, { a: 'cc', b: 'a', c: 'bbb' });
          assert.equal(JSON.stringify(data), '{"a":["cc"],"b":["a"],"c":["bbb"]}');
          assert.deepEqual(words, ['cc', 'a', 'bbb']);
        }
      }
  });

  test('a subscription’s arguments and every event', async () => {
    for (const jit of [true, false]) {
      const operation = createOperations(schema, { jit }).find('subscription($n: Int!) { count(to: $n) }', undefined);
      assert.ok('subscribe' in operation);
      const events: Plain[] = [];
      const stream = await operation.subscribe({}, { n: 5 });
      assert.ok(Symbol.asyncIterator in stream);
      for await (const event of stream) events.push(plain(event));
      assert.deepEqual(
        events.map(({ data }) => data),
        [{ count: 1 }, null, { count: 3 }, { count: 4 }, { count: 5 }],
      );
      const refused = createOperations(schema, { jit }).find('subscription { refusedCount }', undefined);
      assert.ok('subscribe' in refused);
      const answer = await refused.subscribe({}, {});
      assert.ok(!(Symbol.asyncIterator in answer));
      assert.equal(answer.errors?.[0]?.extensions['code'], 'FORBIDDEN');
    }
  });

  test('C08: a representation that makes no sense costs its own entity only', async () => {
    const { data, errors } = await same(
      'query($r: [_Any!]!) { _entities(representations: $r) { __typename ... on Cat { lives } ... on Dog { name } } }',
      {
        r: [
          { __typename: 'Cat', id: '1' },
          { __typename: 'Cat', id: 'bad' },
          { __typename: 'Nonsense', id: '1' },
          [],
          { id: 'no type' },
          JSON.parse('{"__typename":"__proto__","__proto__":{"lives":1}}'),
          'text',
          7,
          { __typename: 'Cat', id: 'none' },
          { __typename: 'Dog', id: '2' },
        ],
      },
    );
    assert.deepEqual(data, {
      _entities: [
        { __typename: 'Cat', lives: 9 },
        ...Array.from({ length: 8 }, () => null),
        { __typename: 'Dog', name: 'dog 2' },
      ],
    });
    assert.deepEqual(
      errors?.map((error) => (error as { path: unknown[] }).path[1]),
      [1, 2, 3, 4, 5, 6, 7],
    );
    assert.equal(({} as { lives?: number }).lives, undefined);
  });

  test('C06: more representations than a page of a page are refused', async () => {
    const r = Array.from({ length: 10_000 }, (_, id) => ({ __typename: 'Dog', id }));
    const { data, errors } = await same('query($r: [_Any!]!) { _entities(representations: $r) { __typename } }', { r });
    assert.equal(data, null);
    assert.match(JSON.stringify(errors), /at most 5000/);
  });
});

describe('documents that are not compiled', () => {
  test('a few words whose code would be made for every possible type at every depth', async () => {
    const nest = (depth: number): string => (depth === 0 ? '{ id }' : `{ id near ${nest(depth - 1)} }`);
    const operation = createOperations(schema).find(`{ near ${nest(40)} }`, undefined);
    assert.ok('execute' in operation);
    // Compiling it would not end.
    for (let use = 0; use < 5; use++)
      assert.equal(JSON.stringify(await operation.execute({}, {})), '{"data":{"near":null}}');
  });

  test('a string of the caller’s never becomes code', async () => {
    // graphql-jit's own marker, as its source has it: what follows it is written into the code it makes.
    const marker = '__MAGIC_DATE__33a9e76d_02e0_4128_8e92_3530ad3da74d';
    const global = globalThis as { ran?: boolean };
    const { data } = await same(`{ hello(name: "${marker}0),x:(globalThis.ran=true") }`);
    assert.equal(global.ran, undefined);
    assert.match(JSON.stringify(data), /globalThis/);
    await same(`query($n: String = "${marker}0),x:(globalThis.ran=true") { hello(name: $n) }`);
    await same(`{ echo(filter: { tag: """${marker}0),x:(globalThis.ran=true""" }) }`);
    assert.equal(global.ran, undefined);
  });

  test('the response key __proto__ is a key like another', async () => {
    const operation = createOperations(schema).find('{ __proto__: mood inner { __proto__: id } }', undefined);
    assert.ok('execute' in operation);
    for (let use = 0; use < 5; use++) {
      const answer: ExecutionResult = await operation.execute({}, {});
      assert.deepEqual(Object.keys(answer.data ?? {}), ['__proto__', 'inner']);
    }
  });

  test('operation names that do not exist are refused and not kept', async () => {
    const operations = createOperations(schema);
    for (let i = 0; i < 5; i++) {
      const operation = operations.find('query A { mood } query B { hello }', `C${i}`);
      assert.ok('execute' in operation);
      const { errors } = await operation.execute({}, {});
      assert.match(errors?.[0]?.message ?? '', /Unknown operation named/);
    }
  });
});
