import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Actor } from '@parley/kernel/actor';
import { randomOf } from '@parley/kernel/fixture/randomOf';
import type { Subgraph } from '@parley/kernel/subgraph';
import {
  execute,
  GraphQLError,
  type GraphQLSchema,
  getNamedType,
  Kind,
  NoUnusedVariablesRule,
  parse,
  print,
  specifiedRules,
  TypeInfo,
  validate,
  visit,
  visitWithTypeInfo,
} from 'graphql';
import { userWith } from '../fixture/actors.ts';
import { createBench } from '../fixture/engine.ts';
import { generatedVariables, generateQuery, withoutUnused } from '../fixture/generate.ts';
import { createRandomSupergraph } from '../fixture/randomSupergraph.ts';

const supergraphs = 120;
const queriesEach = 6;
const triesEach = 60;
const mostMs = 6000;
const argumentTexts = { id: ['(id: "1")', '(id: "3")', '(id: $id)'], n: ['', '(n: 2)', '(n: $first)', '(n: null)'] };
const wide = { depth: 100, selections: 100_000, aliases: 100_000, tokens: 100_000, rootFields: 1000, queryBytes: 1e6 };

type Guarded = { readonly fields: ReadonlySet<string>; readonly types: ReadonlySet<string>; readonly sdl: string };

const links = ['authenticated', 'requiresScopes', 'policy']
  .map((spec) => `@link(url: "https://specs.apollo.dev/${spec}/v0.1", for: SECURITY)`)
  .join(' ');
const guards = [
  '@authenticated',
  '@requiresScopes(scopes: [["read", "write"], ["all"]])',
  '@policy(policies: [["role:AUDITOR"], ["gold"]])',
];

/** The supergraph with some of its fields and types guarded, none of which `userWith()` may have but @authenticated ones. */
const guard = (sdl: string, seed: number): Guarded => {
  const random = randomOf(seed);
  const fields = new Set<string>();
  const types = new Set<string>();
  const chosen = (): string => guards[Math.floor(random() * guards.length)] as string;
  const directive = (text: string) => {
    const [definition] = parse(`scalar X ${text}`, { noLocation: true }).definitions;
    return definition?.kind === Kind.SCALAR_TYPE_DEFINITION ? (definition.directives ?? []) : [];
  };
  const guarded = visit(parse(sdl, { noLocation: true }), {
    SchemaDefinition: (node) => {
      const [definition] = parse(`schema ${links} { query: Query }`, { noLocation: true }).definitions;
      const added = definition?.kind === Kind.SCHEMA_DEFINITION ? (definition.directives ?? []) : [];
      return { ...node, directives: [...(node.directives ?? []), ...added] };
    },
    ObjectTypeDefinition: (node) => {
      const type = node.name.value;
      if (type === 'Query') return undefined;
      const typeGuard = random() < 0.1 ? chosen() : '';
      if (typeGuard !== '' && typeGuard !== '@authenticated') types.add(type);
      return {
        ...node,
        directives: [...(node.directives ?? []), ...directive(typeGuard)],
        fields: (node.fields ?? []).map((field) => {
          const fieldGuard = field.name.value !== 'id' && random() < 0.25 ? chosen() : '';
          if (fieldGuard !== '' && fieldGuard !== '@authenticated') fields.add(`${type}.${field.name.value}`);
          return { ...field, directives: [...(field.directives ?? []), ...directive(fieldGuard)] };
        }),
      };
    },
  });
  return { fields, types, sdl: print(guarded) };
};

/** What a subgraph is asked that this caller may not have, by the text that reached it. */
const forbiddenIn = (schema: GraphQLSchema, query: string, { fields, types }: Guarded): string[] => {
  const found: string[] = [];
  const info = new TypeInfo(schema);
  visit(
    parse(query),
    visitWithTypeInfo(info, {
      Field: (node) => {
        const parent = info.getParentType()?.name ?? '';
        const returned = getNamedType(info.getType())?.name ?? '';
        // A key is what an entity is asked by, not what is told of it.
        if (node.name.value.startsWith('_') || node.name.value === 'id') return;
        if (fields.has(`${parent}.${node.name.value}`) || types.has(parent)) found.push(`${parent}.${node.name.value}`);
        if (types.has(returned)) found.push(`${parent}.${node.name.value}: ${returned}`);
      },
    }),
  );
  return found;
};

/** Places where an answer says less than it could, without an error at, above or below that says why. */
const unexplained = (
  actual: unknown,
  whole: unknown,
  errors: readonly (readonly unknown[])[],
  path: unknown[],
): string[] => {
  if (actual === null || actual === undefined) {
    const isExplained = errors.some((at) =>
      path.every((key, index) => at[index] === undefined || at[index] === '@' || at[index] === key),
    );
    return whole === null || whole === undefined || isExplained ? [] : [path.join('.')];
  }
  if (Array.isArray(actual))
    return actual.flatMap((item, index) => unexplained(item, (whole as unknown[])[index], errors, [...path, index]));
  if (typeof actual !== 'object') return actual === whole ? [] : [path.join('.')];
  return Object.entries(whole as object).flatMap(([key, value]) =>
    unexplained((actual as Record<string, unknown>)[key], value, errors, [...path, key]),
  );
};

const authorized: Actor = { ...userWith('all'), policies: ['gold'] };

test('C14-C21 random rules over random supergraphs: no subgraph is asked what the caller may not have, and what is missing is said', async (t) => {
  const rules = specifiedRules.filter((rule) => rule !== NoUnusedVariablesRule);
  const started = performance.now();
  let [compared, refusing] = [0, 0];
  for (let seed = 1; seed <= supergraphs && performance.now() - started < mostMs; seed++) {
    const random = createRandomSupergraph(seed);
    if (random === null) continue;
    const guarded = guard(random.sdl, seed);
    const asked: string[] = [];
    const listening = Object.fromEntries(
      Object.entries(random.subgraphs).map(([name, subgraph]): [string, Subgraph] => [
        name,
        {
          ...subgraph,
          execute: (request) => {
            asked.push(request.query);
            return subgraph.execute(request);
          },
        },
      ]),
    );
    const { engine, run } = createBench({ limits: wide, sdl: guarded.sdl, subgraphs: listening });
    const monolith = random.asMonolith(engine.loaded.apiSchema.toGraphQLJSSchema());
    let valid = 0;
    for (let index = 0; index < triesEach && valid < queriesEach; index++) {
      const query = withoutUnused(generateQuery(monolith, seed * 1000 + index, argumentTexts, 5));
      const document = parse(query);
      if (validate(monolith, document, rules).length > 0) continue;
      valid += 1;
      const where = `supergraph ${seed}, query ${seed * 1000 + index}: ${query}`;
      const { data } = await execute({ schema: monolith, document, variableValues: generatedVariables });
      const whole = JSON.parse(JSON.stringify(data)) as unknown;
      const all = await run(query, { variables: generatedVariables, actor: authorized });
      assert.deepEqual(all, { data: whole }, where);

      asked.length = 0;
      const part = await run(query, { variables: generatedVariables, actor: userWith('read') }).catch(unplannable);
      if (part === null) continue;
      for (const text of asked)
        assert.deepEqual(forbiddenIn(engine.loaded.fullSchema, text, guarded), [], `${where}\nasked ${text}`);
      const paths = (part.errors ?? []).map(({ path = [], extensions }) => {
        assert.equal(extensions?.['code'], 'UNAUTHORIZED_FIELD_OR_TYPE', where);
        return path;
      });
      assert.deepEqual(unexplained(part.data, whole, paths, []), [], where);
      if (paths.length > 0) refusing += 1;
      compared += 1;
    }
  }
  t.diagnostic(`${compared} queries compared, ${refusing} of them with something refused`);
  assert.ok(compared >= 20 && refusing >= 10);
});

const unplannable = (error: unknown): null => {
  if (error instanceof GraphQLError && error.extensions['code'] === 'FIELD_UNREACHABLE') return null;
  throw error;
};
