import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildSchema, parse, validate } from 'graphql';
import { operationRules } from './operationRules.ts';

const schema = buildSchema('type Query { a: Int } type Subscription { a: Int b: Int }');
const problems = (query: string) => validate(schema, parse(query), operationRules).map(({ message }) => message);

test('a subscription’s root field may depend on a variable, directly or through a fragment', () => {
  assert.deepEqual(problems('subscription($x: Boolean!) { a @include(if: $x) }'), []);
  assert.deepEqual(problems('subscription($x: Boolean!) { ...F @skip(if: $x) } fragment F on Subscription { a }'), []);
});

test('two root fields are refused, also where only one could ever be selected', () => {
  const one = ['A subscription must select only one top level field.'];
  assert.deepEqual(problems('subscription { a b }'), one);
  assert.deepEqual(problems('subscription { a ... on Subscription { b } }'), one);
  assert.deepEqual(problems('subscription($x: Boolean!) { a @include(if: $x) b @skip(if: $x) }'), one);
});
