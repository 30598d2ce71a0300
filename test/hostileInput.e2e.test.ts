import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import {
  buildSchema,
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLObjectType,
  getNamedType,
  getNullableType,
  isCompositeType,
  isEnumType,
  isInputObjectType,
  isListType,
  isRequiredArgument,
  isRequiredInputField,
} from 'graphql';
import { post, signUp, socket } from './testkit/graphql.ts';
import { startTestPlatform, type TestPlatform } from './testkit/platform.ts';

/** Text that breaks a store, a cache key, a log or an object somewhere, by what it is. */
const hostile: Readonly<Record<string, unknown>> = {
  'A17 a NUL byte': 'a\u0000b',
  'A17 half a surrogate pair': '\ud800',
  'A18 ten thousand characters': 'x'.repeat(10_000),
  'A18 a number': 1e21,
  'A18 letters that look like others': 'аdmin\u202e\u200b',
  'A16 a name of Object.prototype’s own': '__proto__',
  'SQL, JSON and shell': `'; DROP TABLE x; --"}\\u0000$(id)`,
};
const publicSchema = buildSchema(await readFile(new URL('../client/schema.graphql', import.meta.url), 'utf8'));

/** A value of the type with `text` wherever a client's own text goes. */
const filled = (type: GraphQLInputType, text: unknown, depth = 0): unknown => {
  const bare = getNullableType(type);
  if (isListType(bare)) return [filled(bare.ofType, text, depth)];
  if (isInputObjectType(bare))
    return Object.fromEntries(
      Object.values(bare.getFields())
        .filter((field) => isRequiredInputField(field) || depth < 2)
        .map((field) => [field.name, filled(field.type, text, depth + 1)]),
    );
  if (isEnumType(bare)) return bare.getValues()[0]?.value;
  const named = getNamedType(bare).name;
  if (named === 'Int' || named === 'Float') return 1;
  if (named === 'Boolean') return true;
  if (named === 'DateTime') return '2026-01-01T00:00:00.000Z';
  return text;
};

const operationFor = (kind: string, field: GraphQLField<unknown, unknown>, text: unknown) => {
  const given = field.args.filter((arg) => isRequiredArgument(arg) || getNamedType(arg.type).name !== 'Int');
  const heads = given.map((arg) => `$${arg.name}: ${arg.type}`).join(', ');
  const args = given.map((arg) => `${arg.name}: $${arg.name}`).join(', ');
  const selection = isCompositeType(getNamedType(field.type)) ? '{ __typename }' : '';
  return {
    query: `${kind}${heads ? `(${heads})` : ''} { ${field.name}${args ? `(${args})` : ''} ${selection} }`,
    variables: Object.fromEntries(given.map((arg) => [arg.name, filled(arg.type, text)])),
  };
};

const fieldsWithText = (type: GraphQLObjectType | null | undefined): GraphQLField<unknown, unknown>[] =>
  Object.values(type?.getFields() ?? {}).filter((field) => field.args.length > 0);

describe('hostile input through the public schema to PostgreSQL', () => {
  let platform: TestPlatform;
  let token: string;
  before(async () => {
    platform = await startTestPlatform({ LOG_LEVEL: 'silent' });
    token = (await signUp(platform.url)).accessToken;
  });
  after(() => platform?.stop());

  const assertAnswered = (what: string, errors: readonly { extensions?: Record<string, unknown> }[] | undefined) => {
    for (const { extensions } of errors ?? [])
      assert.ok(
        extensions?.['code'] !== undefined && extensions['code'] !== 'INTERNAL_SERVER_ERROR',
        `${what}: ${JSON.stringify(errors)}`,
      );
  };

  for (const [name, text] of Object.entries(hostile)) {
    test(`${name} is an answer, a refusal or a 400, never a failure of ours: every query and mutation`, async () => {
      for (const [kind, type] of [
        ['query', publicSchema.getQueryType()],
        ['mutation', publicSchema.getMutationType()],
      ] as const)
        for (const field of fieldsWithText(type)) {
          const { query, variables } = operationFor(kind, field, text);
          const { status, errors } = await post(platform.url, query, variables, token);
          assert.ok(status < 500, `${status} for ${query} ${JSON.stringify(errors)}`);
          assertAnswered(query, errors);
        }
    });

    test(`${name} is so for every subscription`, async () => {
      for (const field of fieldsWithText(publicSchema.getSubscriptionType())) {
        const { query, variables } = operationFor('subscription', field, text);
        const client = socket(platform.url, token);
        const errors = await new Promise<readonly { extensions?: Record<string, unknown> }[]>((resolve) => {
          const waited = setTimeout(() => resolve([]), 300);
          client.subscribe(
            { query, variables },
            {
              next: ({ errors: some }) => some && resolve(some as never),
              error: (error) =>
                resolve(Array.isArray(error) ? error : [{ extensions: { code: 'INTERNAL_SERVER_ERROR' } }]),
              complete: () => resolve([]),
            },
          );
          waited.unref();
        });
        assertAnswered(query, errors);
        await client.dispose();
      }
    });
  }

  test('A17 a NUL byte written into the document itself', async () => {
    const { status, errors } = await post(platform.url, '{ conversation(id: "a\\u0000b") { id } }', {}, token);
    assert.ok(status < 500);
    assertAnswered('literal', errors);
  });
});
