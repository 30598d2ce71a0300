import assert from 'node:assert/strict';
import { test } from 'node:test';
import { execute, GraphQLError, NoUnusedVariablesRule, parse, specifiedRules, validate } from 'graphql';
import { createBench } from '../fixture/engine.ts';
import { generatedVariables, generateQuery, withoutUnused } from '../fixture/generate.ts';
import { createRandomSupergraph } from '../fixture/randomSupergraph.ts';

const wide = {
  depth: 100,
  selections: 100_000,
  aliases: 100_000,
  tokens: 100_000,
  rootFields: 1000,
  directives: 1000,
  queryBytes: 1e6,
};
const supergraphs = 250;
/** Found the planner asking for a field with @requires before what it requires, in one way each. */
const onceWrong = [46, 71, 75, 115];
const queriesEach = 8;
/** Many are not valid: aliases meet. */
const triesEach = 100;
const mostMs = 12_000;
const argumentTexts = { id: ['(id: "1")', '(id: "3")', '(id: $id)'], n: ['', '(n: 2)', '(n: $first)', '(n: null)'] };

test('random operations over random supergraphs give the data graphql-js gives over the merged schema', async (t) => {
  const rules = specifiedRules.filter((rule) => rule !== NoUnusedVariablesRule);
  const started = performance.now();
  let [composed, compared, refused] = [0, 0, 0];
  for (const seed of [...onceWrong, ...Array.from({ length: supergraphs }, (_, index) => index + 1)]) {
    if (performance.now() - started > mostMs) break;
    const random = createRandomSupergraph(seed);
    if (random === null) continue;
    composed += 1;
    const { engine, run } = createBench({ limits: wide, sdl: random.sdl, subgraphs: random.subgraphs });
    const monolith = random.asMonolith(engine.loaded.apiSchema.toGraphQLJSSchema());
    let valid = 0;
    for (let index = 0; index < triesEach && valid < queriesEach; index++) {
      const query = withoutUnused(generateQuery(monolith, seed * 1000 + index, argumentTexts, 5));
      const document = parse(query);
      if (validate(monolith, document, rules).length > 0) continue;
      valid += 1;
      const expected = await execute({ schema: monolith, document, variableValues: generatedVariables });
      const actual = await run(query, { variables: generatedVariables }).catch(unplannable);
      if (actual === null) {
        refused += 1;
        continue;
      }
      const where = `supergraph ${seed}, query ${seed * 1000 + index}: ${query}`;
      assert.deepEqual(actual.data, JSON.parse(JSON.stringify(expected.data)), where);
      assert.equal(actual.errors, undefined, where);
      compared += 1;
    }
  }
  t.diagnostic(`${compared} queries compared over ${composed} supergraphs, ${refused} refused as unplannable`);
  assert.equal(refused, 0);
  assert.ok(compared >= 20);
});

/** What cannot be planned soundly is refused rather than answered wrongly: see soundPlan.ts. */
const unplannable = (error: unknown): null => {
  if (error instanceof GraphQLError && error.extensions['code'] === 'FIELD_UNREACHABLE') return null;
  throw error;
};
