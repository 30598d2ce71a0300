import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { buildSchema } from 'graphql';
import { missingFrom } from './coreSchema.ts';

const core = `
  enum Color { RED GREEN }
  union Result = Success | Refusal
  type Success { id: ID! }
  type Refusal { code: String! }
  input Filter { text: String! color: Color }
  type Item { id: ID! note: String tags: [String!]! }
  type Query { items(first: Int! = 20, after: String, filter: Filter): [Item!] result: Result }`;
const found = (change: (sdl: string) => string) => missingFrom(buildSchema(core), buildSchema(change(core)));

describe('the core of the public schema', () => {
  test('is all in itself', () =>
    assert.deepEqual(
      found((sdl) => sdl),
      [],
    ));
  test('may be grown: types, fields, optional arguments and input fields, enum values, members, promises', () => {
    assert.deepEqual(
      found((sdl) =>
        sdl
          .replace('GREEN', 'GREEN BLUE')
          .replace('Success | Refusal', 'Success | Refusal | Other')
          .replace('note: String', 'note: String! extra: Int')
          .replace('color: Color', 'color: Color size: Int count: Int! = 3')
          .replace('after: String', 'after: String, before: String')
          .replace('text: String!', 'text: String')
          .concat(' type Other { id: ID! }'),
      ),
      [],
    );
  });
  const broken: [string, string, string, RegExp][] = [
    ['a type lost', 'union Result = Success | Refusal', 'union Other = Success | Refusal', /./],
    ['a field lost', 'note: String ', '', /Item.note is missing/],
    ['a field nullable', 'id: ID! note', 'id: ID note', /Item.id is ID, not ID!/],
    ['a list’s items nullable', '[String!]!', '[String]!', /Item.tags/],
    ['a field of another type', 'note: String', 'note: Int', /Item.note/],
    ['a list no longer', '[String!]!', 'String!', /Item.tags/],
    ['an argument lost', 'after: String, ', '', /Query.items\(after\) is missing/],
    ['an argument required', 'after: String', 'after: String!', /Query.items\(after\) takes/],
    ['a new argument required', 'after: String', 'after: String, of: ID!', /of\) is required/],
    ['a default lost', 'first: Int! = 20', 'first: Int!', /Query.items\(first\)/],
    ['an input field lost', 'color: Color', '', /Filter.color is missing/],
    ['an input field required', 'color: Color', 'color: Color!', /Filter.color takes/],
    ['a new input field required', 'color: Color', 'color: Color size: Int!', /Filter.size is required/],
    ['an enum value lost', 'RED GREEN', 'RED', /Color.GREEN/],
    ['a union member lost', 'Success | Refusal', 'Success', /Refusal/],
    ['another kind', 'enum Color { RED GREEN }', 'scalar Color', /another kind/],
  ];
  for (const [what, from, to, message] of broken) {
    test(`is not all there: ${what}`, () => {
      assert.ok(core.includes(from));
      const problems = found((sdl) =>
        what === 'a type lost'
          ? sdl.replace(from, to).replace('result: Result', 'result: Other')
          : sdl.replace(from, to),
      );
      assert.match(problems.join('\n'), message);
    });
  }
});
