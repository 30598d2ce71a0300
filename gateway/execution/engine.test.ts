import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { SubgraphResult } from '@parley/kernel/subgraph';
import type { GraphQLError } from 'graphql';
import { admin } from '../fixture/actors.ts';
import { createBench } from '../fixture/engine.ts';

const isCode = (code: string) => (error: GraphQLError) => error.extensions['code'] === code;

describe('one operation over several subgraphs', () => {
  test('an entity is asked for once, however often it occurs, and keys the client did not ask for stay inside', async () => {
    const { run, asked } = createBench();
    const { data } = await run('{ conversations { agent { name } } }');
    assert.deepEqual(data, {
      conversations: [{ agent: { name: 'Iris' } }, { agent: { name: 'Iris' } }, { agent: { name: 'Jo' } }],
    });
    const [, entities] = asked();
    assert.deepEqual(entities?.variables, {
      representations: [
        { __typename: 'Agent', id: 'a1' },
        { __typename: 'Agent', id: 'a2' },
      ],
    });
  });

  test('what the planner adds never overwrites a client key: aliases that meet key and required fields', async () => {
    const { run } = createBench();
    const { data } = await run('{ conversation(id: "c1") { id: label status: id summary metrics { turnCount } } }');
    assert.deepEqual(data, {
      conversation: { id: 'plain:c1', status: 'c1', summary: 'c1 is OPEN', metrics: { turnCount: 3 } },
    });
  });

  test('C23 D15: aliases __proto__ and constructor across an entity merge are keys like any other', async () => {
    const { run, world } = createBench();
    const { data } = await run(
      '{ __proto__: conversation(id: "c1") { constructor: metrics { prototype: turnCount } __proto__: owner { polluted: nickname } } constructor }',
    );
    assert.deepEqual(Object.keys(data ?? {}), ['__proto__', 'constructor']);
    assert.deepEqual(Object.getOwnPropertyDescriptor(data, '__proto__')?.value, {
      constructor: { prototype: 3 },
      ['__proto__']: { polluted: 'countess' },
    });
    world.sabotage = async () =>
      JSON.parse('{"data":{"motd":"x","__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}}');
    await run('{ motd }');
    assert.equal(({} as Record<string, unknown>)['polluted'], undefined);
    assert.equal(Reflect.get(Object.prototype, 'polluted'), undefined);
  });

  test('mutations run one after another, across subgraphs, in the order they are written', async () => {
    const { run, world } = createBench();
    const { data } = await run(
      'mutation { a: appendAgent(text: "1") b: appendAuth(text: "2") c: appendSales(text: "3") d: appendAgent(text: "4") }',
    );
    assert.deepEqual(world.log, ['agent 1', 'auth 2', 'sales 3', 'agent 4']);
    assert.deepEqual(data, { a: 1, b: 2, c: 3, d: 4 });
  });

  test('a mutation answers a union; input defaults and variables arrive', async () => {
    const { run } = createBench();
    const query =
      'mutation($input: SignInInput!) { signIn(input: $input) { __typename ... on SignInSuccess { token user { nickname } } ... on Refusal { code } } }';
    const right = await run(query, { variables: { input: { email: 'a@b', password: 'right' } } });
    assert.deepEqual(right.data, {
      signIn: { __typename: 'SignInSuccess', token: 'remember=true', user: { nickname: 'countess' } },
    });
    const wrong = await run(query, { variables: { input: { email: 'a@b', password: 'x', remember: null } } });
    assert.deepEqual(wrong.data, { signIn: { __typename: 'Refusal', code: 'INVALID_CREDENTIALS' } });
  });

  test('an interface object contributes to every implementation', async () => {
    const { run } = createBench();
    const { data } = await run('{ media { __typename title rating ... on Slide { page } } }');
    assert.deepEqual(data, {
      media: [
        { __typename: 'Clip', title: 'Intro', rating: 4.5 },
        { __typename: 'Slide', title: 'Prices', rating: null, page: 7 },
      ],
    });
  });

  test('fields of one name and different types in a union keep apart (key renamed on the way in)', async () => {
    const { run, asked } = createBench();
    const { data } = await run(
      '{ search(text: "x") { ... on Turn { v: sequence } ... on Conversation { w: tags } } other: search(text: "x") { ... on Conversation { tags } ... on Turn { id } } }',
    );
    assert.deepEqual(data?.['search'], [{ w: ['a', 'b'] }, { v: 1 }, {}]);
    assert.equal(asked().length, 1);
  });

  test('skip and include by variables, also where one decides a whole fetch; more than are planned by case', async () => {
    const { run, asked } = createBench();
    const query = 'query($m: Boolean!) { conversation(id: "c1") { id metrics @include(if: $m) { turnCount } } }';
    const without = await run(query, { variables: { m: false } });
    assert.deepEqual(without.data, { conversation: { id: 'c1' } });
    assert.deepEqual(
      asked().map(({ subgraph }) => subgraph),
      ['sales'],
    );
    const withMetrics = await run(query, { variables: { m: true } });
    assert.deepEqual(withMetrics.data, { conversation: { id: 'c1', metrics: { turnCount: 3 } } });
    const many = await run(
      `query($a: Boolean!, $b: Boolean!, $c: Boolean!, $d: Boolean!, $e: Boolean!) { conversation(id: "c1") {
        id @include(if: $a) status @skip(if: $b) tags @include(if: $c) metrics @include(if: $d) { turnCount } owner @include(if: $e) { nickname }
      } }`,
      { variables: { a: true, b: true, c: false, d: false, e: true } },
    );
    assert.deepEqual(many.data, { conversation: { id: 'c1', owner: { nickname: 'countess' } } });
  });

  test('B21: 60 conditions by variables are planned once, whatever their values', async () => {
    const { run, engine } = createBench({ limits: { directives: 100, aliases: 100 } });
    const names = Array.from({ length: 60 }, (_, index) => `v${index}`);
    const query = `query (${names.map((name) => `$${name}: Boolean!`).join(' ')}) { conversation(id: "c1") {
      ${names.map((name) => `${name}: metrics @include(if: $${name}) { turnCount }`).join(' ')} } }`;
    for (const odd of [0, 1]) {
      const variables = Object.fromEntries(names.map((name, index) => [name, index % 2 === odd]));
      const { data } = await run(query, { variables });
      const answered = names.filter((_, index) => index % 2 === odd).map((name) => [name, { turnCount: 3 }]);
      assert.deepEqual(data, { conversation: Object.fromEntries(answered) });
    }
    const document = engine.documents.prepare(query);
    assert.ok('operations' in document);
    const operation = engine.find(document, null);
    assert.ok('compiled' in operation);
    assert.equal(operation.compiled.size, 1);
  });

  test('independent fetches of one subgraph are one request, whose errors keep to their own places', async () => {
    const { run, asked } = createBench();
    const { data, errors } = await run(
      '{ conversations(first: 1) { a: agent { f: flaky } owner { nickname } } conversation(id: "c1") { a: agent { n: name f: flaky } metrics { turnCount } } }',
    );
    assert.deepEqual(
      asked().map(({ subgraph }) => subgraph),
      ['sales', 'agent'],
    );
    assert.deepEqual(data?.['conversation'], { a: { n: 'Iris', f: null }, metrics: { turnCount: 3 } });
    assert.deepEqual(
      errors?.map(({ path }) => path),
      [
        ['conversations', 0, 'a', 'f'],
        ['conversation', 'a', 'f'],
      ],
    );
  });

  test('introspection beside data, and __typename alone, need no subgraph for themselves', async () => {
    const { run, asked } = createBench();
    const both = await run('{ __schema { queryType { name } } motd k: __typename }');
    assert.deepEqual(both.data, { __schema: { queryType: { name: 'Query' } }, motd: 'hello', k: 'Query' });
    assert.equal(asked().length, 1);
    await run('{ __typename }');
    assert.equal(asked().length, 0);
    const hidden = await run('{ __type(name: "ApiKeyActor") { name } }');
    assert.deepEqual(hidden.data, { __type: null });
  });

  test('C01 C02 C07: _service, _entities and what is @inaccessible are not in the public schema', async () => {
    const { run } = createBench();
    for (const query of [
      '{ _service { sdl } }',
      '{ _entities(representations: []) { __typename } }',
      '{ signingKeys { kid } }',
    ])
      await assert.rejects(run(query), isCode('GRAPHQL_VALIDATION_FAILED'));
  });
});

describe('errors keep to the client’s paths', () => {
  test('of an entity: its path is that of every place the entity stands', async () => {
    const { run } = createBench();
    const { data, errors } = await run('{ conversations { status a: agent { f: flaky } } }');
    assert.deepEqual(data, {
      conversations: [
        { status: 'OPEN', a: { f: null } },
        { status: 'ENDED', a: { f: null } },
        { status: 'OPEN', a: { f: 'fine' } },
      ],
    });
    assert.deepEqual(errors, [
      { message: 'flaky', path: ['conversations', 0, 'a', 'f'], extensions: { code: 'FLAKY' } },
      { message: 'flaky', path: ['conversations', 1, 'a', 'f'], extensions: { code: 'FLAKY' } },
    ]);
  });

  test('of a root field: message, code and errorId pass, other extensions do not', async () => {
    const { run } = createBench();
    const { errors } = await run('{ x: broken brokenRequired }');
    assert.deepEqual(errors, [
      { message: 'masked already', path: ['x'], extensions: { code: 'INTERNAL_SERVER_ERROR', errorId: 'e-1' } },
      { message: 'no such thing', path: ['brokenRequired'], extensions: { code: 'NOT_FOUND' } },
    ]);
  });

  test('D10: null for a non-null bubbles to the nearest nullable place, with one error', async () => {
    const { run, world } = createBench();
    world.sabotage = async () => ({ data: { conversations: [{ id: 'c1', tags: ['x', null] }] } });
    const { data, errors } = await run('{ conversations { id tags } version }');
    assert.equal(data?.['conversations'], null);
    assert.deepEqual(
      errors?.map(({ path, extensions }) => [path, extensions?.['code']]),
      [[['conversations', 0, 'tags', 1], 'SUBGRAPH_INVALID_RESPONSE']],
    );
  });
});

describe('D: one sick subgraph costs only its own fields', () => {
  const answers = (answer: unknown) => async () => answer as SubgraphResult;
  const query = '{ conversation(id: "c1") { status metrics { turnCount } } version }';
  const kept = { conversation: { status: 'OPEN', metrics: null }, version: '1' };

  test('D01: no answer within the deadline', async () => {
    const { run, world } = createBench({ deadlineMs: 30 });
    world.sabotage = (name) => (name === 'agent' ? new Promise(() => {}) : undefined);
    const { data, errors } = await run(query);
    assert.deepEqual(data, kept);
    assert.equal(errors?.length, 1);
    assert.deepEqual(errors?.[0]?.path, ['conversation', 'metrics']);
    assert.equal(errors?.[0]?.extensions?.['code'], 'UPSTREAM_TIMEOUT');
  });

  test('D05: down; the address stays in the log', async () => {
    const { run, world } = createBench();
    world.sabotage = (name) =>
      name === 'agent' ? Promise.reject(new Error('connect ECONNREFUSED 127.0.0.1:4005')) : undefined;
    const { data, errors } = await run(query);
    assert.deepEqual(data, kept);
    assert.equal(errors?.[0]?.extensions?.['code'], 'SUBGRAPH_UNAVAILABLE');
    assert.doesNotMatch(JSON.stringify(errors), /ECONN|127/);
  });

  test('D12 D14: errors that are no list, an array, nothing at all', async () => {
    for (const nonsense of [{ errors: 'no' }, [], null, 'text', {}, { data: null }]) {
      const { run, world } = createBench();
      world.sabotage = (name) => (name === 'agent' ? answers(nonsense)() : undefined);
      const { data, errors } = await run(query);
      assert.deepEqual(data, kept, JSON.stringify(nonsense));
      assert.equal(errors?.[0]?.extensions?.['code'], 'SUBGRAPH_INVALID_RESPONSE');
    }
  });

  test('D11: a value of the wrong type is null with an error that does not echo it', async () => {
    const { run, world } = createBench();
    world.sabotage = (name) =>
      name === 'agent' ? answers({ data: { _entities: [{ metrics: 'SECRET', wrongKind: 'SECRET' }] } })() : undefined;
    const { data, errors } = await run('{ conversation(id: "c1") { metrics { turnCount } wrongKind } }');
    assert.deepEqual(data, { conversation: { metrics: null, wrongKind: null } });
    assert.deepEqual(
      errors?.map(({ path }) => path),
      [
        ['conversation', 'metrics'],
        ['conversation', 'wrongKind'],
      ],
    );
    assert.doesNotMatch(JSON.stringify(errors), /SECRET/);
  });

  test('D16: an entity of another type than asked for', async () => {
    const { run, world } = createBench();
    world.sabotage = (name) =>
      name === 'agent'
        ? answers({ data: { _entities: [{ __typename: 'User', metrics: { turnCount: 1 } }] } })()
        : undefined;
    const { data, errors } = await run(query);
    assert.deepEqual(data, kept);
    assert.equal(errors?.length, 1);
  });

  test('fewer entities than asked for are not guessed at', async () => {
    const { run, world } = createBench();
    world.sabotage = (name) =>
      name === 'agent' ? answers({ data: { _entities: [{ metrics: { turnCount: 9 } }] } })() : undefined;
    const { data } = await run('{ conversations { metrics { turnCount } } }');
    assert.deepEqual(data, { conversations: [{ metrics: null }, { metrics: null }, { metrics: null }] });
  });

  test('D19: a sick subgraph at the root next to a healthy one', async () => {
    const { run, world } = createBench();
    world.sabotage = (name) => (name === 'auth' ? Promise.reject(new Error('gone')) : undefined);
    const { data, errors } = await run('{ m: motd version }');
    assert.deepEqual(data, { m: null, version: '1' });
    assert.deepEqual(
      errors?.map(({ path }) => path),
      [['m']],
    );
  });

  test('D22: a mutation that timed out says its outcome is unknown, and is not tried again', async () => {
    const { run, world, asked } = createBench({ deadlineMs: 20 });
    world.sabotage = () => new Promise(() => {});
    const { errors } = await run('mutation { appendAuth(text: "x") }');
    assert.equal(errors?.[0]?.extensions?.['outcome'], 'UNKNOWN');
    assert.equal(asked().length, 1);
  });

  test('the deadline and a client that leaves abort the call', async () => {
    const { world, engine, run } = createBench({ deadlineMs: 20 });
    let signal: AbortSignal | undefined;
    world.sabotage = (_, request) => {
      signal = request.signal;
      return new Promise(() => {});
    };
    await run('{ motd }');
    assert.equal(signal?.aborted, true);
    const leaving = new AbortController();
    const document = engine.documents.prepare('{ version }');
    assert.ok('operations' in document);
    const operation = engine.find(document, null);
    assert.ok('node' in operation);
    const running = engine.run(
      engine.compiledFor(operation, null, {}),
      {},
      { actor: null, requestId: 'r', signal: leaving.signal },
    );
    leaving.abort();
    await running;
    assert.equal(signal?.aborted, true);
  });
});

test('who calls, with which id, reaches every subgraph', async () => {
  const { run, world } = createBench();
  await run('{ conversation(id: "c1") { metrics { turnCount } } }', { actor: admin });
  assert.deepEqual(
    world.calls.map(({ request }) => [request.actor, request.requestId]),
    [
      [admin, 'test'],
      [admin, 'test'],
    ],
  );
});
