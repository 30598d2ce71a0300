import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type KnownStrings, knownOfBoth, knownStrings, markPlain } from '@parley/kernel/plainAnswers';
import { buildSchema, Kind, type OperationDefinitionNode, parse } from 'graphql';
import { compileProjection } from './project.ts';
import { ResponseErrors } from './responseErrors.ts';
import { compileWriter } from './writeJson.ts';

const schema = buildSchema(/* GraphQL */ `
  scalar Anything
  enum Kind {
    LARGE
    SMALL
  }
  interface Named {
    name: String
  }
  type Cat implements Named {
    name: String
    lives: Int!
  }
  type Dog implements Named {
    name: String
  }
  type Query {
    text: String
    id: ID
    float: Float
    int: Int!
    flag: Boolean
    kind: Kind
    anything: Anything
    constructor: String
    pets: [Named]
    cats: [Cat!]!
    grid: [[Int]]
  }
`);

const both = (
  query: string,
  data: Record<string, unknown>,
  variables: Record<string, unknown> = {},
  known: KnownStrings = 'nothing',
) => {
  const operation = parse(query).definitions.find(
    (definition): definition is OperationDefinitionNode => definition.kind === Kind.OPERATION_DEFINITION,
  );
  assert.ok(operation);
  const dataKeyOf = (field: { name: { value: string }; alias?: { value: string } | undefined }) =>
    field.alias?.value ?? field.name.value;
  const write = compileWriter(schema, operation, new Map(), new Set(), dataKeyOf);
  const project = compileProjection(schema, operation, new Map(), new Set(), dataKeyOf);
  const errors = new ResponseErrors();
  const projected = project(data, { variables, errors, path: [], introspection: {} });
  return {
    text: dataIn(write?.(data, variables, known)),
    json: JSON.stringify(projected),
    errors: errors.list,
  };
};

/** What an answer says of its data; empty where there is none. */
const dataIn = (answer: Buffer | null | undefined): string => {
  if (!answer) return '';
  const [, text = ''] = /^\{"data":(.*)\}$/s.exec(answer.toString()) ?? [];
  assert.notEqual(text, '');
  return text;
};

test('text is written exactly as JSON.stringify writes what is projected', () => {
  const texts = [
    '',
    'plain',
    'with "quotes" and \\ and /',
    'line\nbreak\ttab\u0000\u001f\u007f\u2028\u2029',
    'ñ ✓ 你好 😀 pair',
    'lone \ud800 high',
    'lone \udc00 low',
    `${'long '.repeat(20)}plain`,
    `${'long '.repeat(20)}"quoted" 😀 \ud83d`,
    '\uffff\ufffe\ue000\ud7ff',
  ];
  for (const text of texts) {
    const { text: written, json } = both('{ text id int }', { text, id: text, int: 1 });
    assert.equal(written, Buffer.from(json).toString());
  }
});

test('numbers, booleans, enums, ids, scalars of any kind, nulls, lists of lists, empty objects', () => {
  const date = new Date(0);
  for (const data of [
    {
      id: 7,
      float: -0,
      int: 0,
      flag: false,
      kind: 'LARGE',
      anything: { a: [1, null, 'x'] },
      grid: [[1, null], null, []],
    },
    { id: null, float: 1e21, int: -2147483648, flag: true, kind: 'SMALL', anything: date, grid: [] },
    { float: 5e-324, int: 1, anything: 'text' },
  ]) {
    const { text, json } = both('{ id float int flag kind anything grid }', data);
    assert.equal(text, json);
  }
  assert.equal(
    both('{ pets { ... on Cat { lives } } }', { pets: [{ __typename: 'Dog' }, null] }).text,
    '{"pets":[{},null]}',
  );
});

test('types of an interface, type names, conditions of variables', () => {
  const pets = [
    { __typename: 'Cat', name: 'Tom', lives: 9 },
    { __typename: 'Dog', name: null },
  ];
  const query =
    'query ($yes: Boolean!, $no: Boolean!) { int @include(if: $no) k: __typename pets @include(if: $yes) { __typename name @skip(if: $no) ... on Cat @include(if: $yes) { lives } } text @skip(if: $yes) }';
  const { text, json } = both(query, { pets, int: 3, text: 'x' }, { yes: true, no: false });
  assert.equal(text, json);
  assert.equal(
    text,
    '{"k":"Query","pets":[{"__typename":"Cat","name":"Tom","lives":9},{"__typename":"Dog","name":null}]}',
  );
});

test('D10 D11: whatever does not fit its type is left to the projection, which says so', () => {
  const cases: [string, Record<string, unknown>][] = [
    ['{ int }', {}],
    ['{ int }', { int: 1.5 }],
    ['{ text }', { text: 1 }],
    ['{ text }', { text: {} }],
    ['{ float }', { float: Number.NaN }],
    ['{ flag }', { flag: 'true' }],
    ['{ kind }', { kind: 'HUGE' }],
    ['{ grid }', { grid: [1] }],
    ['{ pets { name } }', { pets: [{ __typename: 'Query' }] }],
    ['{ pets { name } }', { pets: {} }],
    ['{ cats { lives } }', { cats: [null] }],
    ['{ cats { lives } }', { cats: [{ lives: null }] }],
    ['{ cats { lives } }', { cats: ['x'] }],
  ];
  for (const [query, data] of cases) {
    const { text, errors } = both(query, data);
    assert.equal(text, '', query);
    assert.equal(errors.length > 0, true, query);
  }
});

test('strings of an answer without a backslash are written without a look at them', () => {
  const long = 'of some length '.repeat(10);
  const answers: [string, KnownStrings][] = [
    ['{"text":"a b","id":"7"}', 'ascii'],
    [`{"text":"${long}","id":"7"}`, 'ascii'],
    ['{"text":"a ✓ 😀 b","id":"ü"}', 'plain'],
    [`{"text":"${long}✓","id":"7"}`, 'plain'],
    ['{"text":"a \\"quoted\\" b","id":"7"}', 'nothing'],
    ['{"text":"\\ud83d","id":"7"}', 'nothing'],
  ];
  for (const [source, expected] of answers) {
    const data = JSON.parse(source);
    markPlain(data, Buffer.from(source));
    const known = knownStrings(data);
    assert.equal(known, expected);
    assert.equal(both('{ text id }', data, {}, known).text, JSON.stringify(data));
  }
  assert.equal(knownStrings({}), 'nothing');
  const all: readonly KnownStrings[] = ['nothing', 'plain', 'ascii'];
  for (const [a, one] of all.entries())
    for (const [b, other] of all.entries()) assert.equal(knownOfBoth(one, other), all[Math.min(a, b)]);
});

test('answers of any size after ones of any other are whole, and are not changed by those after them', () => {
  const query = '{ cats { name lives k: __typename } grid text id float kind flag }';
  const operation = parse(query).definitions[0] as OperationDefinitionNode;
  const dataKeyOf = (field: { name: { value: string }; alias?: { value: string } | undefined }) =>
    field.alias?.value ?? field.name.value;
  const write = compileWriter(schema, operation, new Map(), new Set(), dataKeyOf);
  const kept: [Buffer | null | undefined, string][] = [];
  for (let size = 0; size < 400; size++) {
    const length = (size * 7919) % 700;
    const name = 'ñ'.repeat(length % 90);
    const cats = Array.from({ length }, (_, lives) => ({ name: lives % 3 === 0 ? null : name, lives, k: 'Cat' }));
    const grid = Array.from({ length: length % 50 }, (_, n) => (n % 4 === 0 ? null : [n, null, -n]));
    const text = 'x'.repeat(length * 3);
    const data = { cats, grid, text, id: length, float: length / 7, kind: 'LARGE', flag: length % 2 === 0 };
    kept.push([write?.(data, {}, 'nothing'), JSON.stringify({ data: { ...data, id: String(length) } })]);
  }
  for (const [written, expected] of kept) assert.equal(written?.toString(), expected);
});

test('long keys in many places are little code', () => {
  const key = `k${'x'.repeat(60_000)}`;
  const places = Array.from({ length: 40 }, (_, index) => `a${index}: cats { ${key}: name }`).join(' ');
  const data = Object.fromEntries(
    Array.from({ length: 40 }, (_, index) => [`a${index}`, [{ [key]: 'Tom' }, { [key]: null }]]),
  );
  const before = process.memoryUsage().rss;
  const { text } = both(`{ ${places} }`, data);
  assert.equal(text, JSON.stringify(data));
  assert.ok(process.memoryUsage().rss - before < 150e6);
});

test('C23: a field named constructor is its own value or null, never what every object has', () => {
  assert.deepEqual(both('{ constructor }', { constructor: 'own' }).text, '{"constructor":"own"}');
  const absent = both('{ constructor }', {});
  assert.equal(absent.text, '');
  assert.equal(absent.json, '{"constructor":null}');
});
