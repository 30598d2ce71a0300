import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import {
  type AgentResult,
  createAgent,
  createAgentMutation,
  createKnowledgeBase,
  person,
  refusal,
  startTestAgent,
  type TestAgent,
  testVoices,
} from './testAgent.fixture.ts';

describe('agents', () => {
  let agent: TestAgent;
  before(async () => {
    agent = await startTestAgent();
  });
  after(() => agent.stop());

  const pathsOf = (result: Partial<AgentResult>) => (result.issues ?? []).map(({ path }) => path.join('.'));

  test('an agent is created with what was asked for and 0.5 for the rest, and read again', async () => {
    const owner = person();
    const knowledgeBaseId = await createKnowledgeBase(agent, owner, 'Prices');
    const created = await createAgent(agent, owner, {
      name: 'Zoë 👋',
      locale: 'EN-us',
      voiceId: 'eva',
      knowledgeBaseId,
      personality: { warmth: 1, brevity: null },
    });
    assert.deepEqual(created.agent, {
      id: created.agent.id,
      name: 'Zoë 👋',
      locale: 'en-US',
      personality: { warmth: 1, formality: 0.5, assertiveness: 0.5, brevity: 0.5 },
      voice: { id: 'eva' },
      knowledgeBase: { id: knowledgeBaseId, name: 'Prices' },
    });
    const read = await agent.ask<AgentResult['agent']>(
      owner,
      'query($id: ID!) { agent(id: $id) { id name locale personality { warmth formality assertiveness brevity } voice { id } knowledgeBase { id name } } }',
      { id: created.agent.id },
    );
    assert.deepEqual(read, created.agent);
    await agent.drained();
    assert.deepEqual(
      agent.events
        .filter(({ aggregateId }) => aggregateId === created.agent.id)
        .map(({ type, data, version }) => ({ type, data, version })),
      [
        {
          type: 'agent.AgentCreated',
          data: { agentId: created.agent.id, locale: 'en-US', voiceId: 'eva', knowledgeBaseId },
          version: 1,
        },
      ],
    );
  });

  test('every wrong field is named, and nothing is created', async () => {
    const owner = person();
    const refused = await createAgent(agent, owner, {
      name: ' ',
      locale: 'klingon-XX-12345',
      voiceId: 'nobody',
      knowledgeBaseId: randomUUID(),
      personality: { warmth: 1.01, formality: -0.01, brevity: 2 },
    });
    assert.equal(refused.code, 'INVALID_INPUT');
    assert.deepEqual(pathsOf(refused), [
      'name',
      'locale',
      'personality.warmth',
      'personality.formality',
      'personality.brevity',
      'voiceId',
      'knowledgeBaseId',
    ]);
    for (const [field, values] of Object.entries({
      name: ['', 'x'.repeat(201), 'a\u0000b', 'a\nb', '\ud800'],
      locale: ['', 'xx', 'en_US', 'und', 'not a tag', 'x'.repeat(300)],
      voiceId: ['', 'an\u0000a', 'x'.repeat(5000)],
    })) {
      for (const value of values) {
        const { code, ...result } = await createAgent(agent, owner, { [field]: value });
        assert.deepEqual([code, pathsOf(result)], ['INVALID_INPUT', [field]], `${field} ${JSON.stringify(value)}`);
      }
    }
    assert.deepEqual(await agent.ask(owner, '{ agents { edges { node { id } } } }'), { edges: [] });
  });

  test('an unknown knowledge base alone is NOT_FOUND; one that is no id at all answers the same', async () => {
    for (const knowledgeBaseId of [randomUUID(), 'nonsense', '']) {
      const refused = await createAgent(agent, person(), { knowledgeBaseId });
      assert.deepEqual([refused.code, pathsOf(refused)], ['NOT_FOUND', ['knowledgeBaseId']]);
    }
  });

  test('while voice is away an agent’s voice is taken unchecked', async () => {
    testVoices.away = true;
    try {
      const { agent: created } = await createAgent(agent, person(), { voiceId: 'whoever' });
      assert.deepEqual(created.voice, { id: 'whoever' });
    } finally {
      testVoices.away = false;
    }
  });

  test('an update changes what it names, tells which, and null takes away', async () => {
    const owner = person();
    const { agent: created } = await createAgent(agent, owner, { voiceId: 'ana', personality: { warmth: 0.9 } });
    const update = (changes: object) =>
      agent.ask<AgentResult>(
        owner,
        `mutation($input: UpdateAgentInput!) { updateAgent(input: $input) { ... on UpdateAgentSuccess {
          agent { id name locale personality { warmth formality assertiveness brevity } voice { id } knowledgeBase { id name } } } ${refusal} } }`,
        { input: { id: created.id, ...changes } },
      );
    const changed = await update({ voiceId: null, personality: { formality: 0 }, locale: 'es-mx' });
    assert.deepEqual(changed.agent, {
      ...created,
      locale: 'es-MX',
      voice: null,
      personality: { warmth: 0.9, formality: 0, assertiveness: 0.5, brevity: 0.5 },
    });
    assert.deepEqual((await update({})).agent, changed.agent);
    assert.equal((await update({ name: null })).code, 'INVALID_INPUT');
    assert.equal((await update({ id: randomUUID() })).code, 'NOT_FOUND');
    assert.equal((await update({ id: 'nonsense' })).code, 'NOT_FOUND');
    await agent.drained();
    const updates = agent.events.filter(
      ({ aggregateId, type }) => aggregateId === created.id && type === 'agent.AgentUpdated',
    );
    assert.deepEqual(
      updates.map(({ data, version }) => [(data as { changed?: string[] }).changed, version]),
      [[['locale', 'voiceId', 'formality'], 2]],
    );
  });

  test('agents are paged newest first, without gap or double', async () => {
    const owner = person();
    const names = ['a', 'b', 'c', 'd', 'e'];
    for (const name of names) await createAgent(agent, owner, { name });
    type Page = {
      edges: { node: { name: string } }[];
      pageInfo: { endCursor: string | null; hasNextPage: boolean; hasPreviousPage: boolean };
    };
    const seen: string[] = [];
    let after: string | null = null;
    for (let pages = 0; pages < 10; pages++) {
      const page: Page = await agent.ask<Page>(
        owner,
        'query($after: String) { agents(first: 2, after: $after) { edges { node { name } } pageInfo { endCursor hasNextPage hasPreviousPage } } }',
        { after },
      );
      assert.equal(page.pageInfo.hasPreviousPage, after !== null);
      seen.push(...page.edges.map(({ node }) => node.name));
      after = page.pageInfo.endCursor;
      if (!page.pageInfo.hasNextPage) break;
    }
    assert.deepEqual(seen, names.toReversed());
    for (const args of ['first: -1', 'first: 101', 'after: "nonsense"', 'after: ""', 'after: "R1BDOkpbMV0="']) {
      assert.deepEqual(
        await agent.errorCodes(owner, `{ agents(${args}) { edges { cursor } } }`),
        ['BAD_USER_INPUT'],
        args,
      );
    }
    assert.deepEqual(await agent.ask(owner, '{ agents(first: 0) { edges { cursor } } }'), { edges: [] });
  });

  test('many agents asked for as entities, with their knowledge bases, take three statements', async () => {
    const owner = person();
    const ids: string[] = [];
    for (let i = 0; i < 5; i++) {
      const knowledgeBaseId = await createKnowledgeBase(agent, owner, `Base ${i}`);
      ids.push((await createAgent(agent, owner, { name: `Agent ${i}`, knowledgeBaseId })).agent.id);
    }
    const unknown = [randomUUID(), 'nonsense'];
    agent.statements.length = 0;
    const found = await agent.ask<({ name: string; knowledgeBase: { name: string } } | null)[]>(
      owner,
      'query($representations: [_Any!]!) { _entities(representations: $representations) { ... on Agent { name knowledgeBase { name } } } }',
      { representations: [...ids, ...unknown].map((id) => ({ __typename: 'Agent', id })) },
    );
    assert.deepEqual(
      found.map((one) => one && [one.name, one.knowledgeBase.name]),
      [...ids.map((_, i) => [`Agent ${i}`, `Base ${i}`]), null, null],
    );
    const selects = agent.statements.filter((sql) => sql.startsWith('SELECT'));
    assert.equal(selects.length, 3, selects.join('\n'));
  });

  test('nobody who is not signed in gets past the first field', async () => {
    assert.deepEqual(await agent.errorCodes(null, createAgentMutation, { input: { name: 'Mia', locale: 'en' } }), [
      'UNAUTHENTICATED',
    ]);
    for (const field of [
      'agents { edges { cursor } }',
      `agent(id: "${randomUUID()}") { id }`,
      'knowledgeBases { edges { cursor } }',
    ]) {
      assert.deepEqual(await agent.errorCodes(null, `{ ${field} }`), ['UNAUTHENTICATED'], field);
    }
  });
});
