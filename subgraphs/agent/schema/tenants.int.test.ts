import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import type { Actor } from '@parley/kernel/actor';
import { openAgentDatabase } from '../infrastructure/database.ts';
import {
  addDocument,
  createAgent,
  createKnowledgeBase,
  person,
  refusal,
  removeDocument,
  replyInput,
  search,
  startTestAgent,
  type TestAgent,
  textOf,
} from './testAgent.fixture.ts';

/** What an attacker of organization A can name of organization B. */
type Target = { knowledgeBaseId: string; documentId: string; agentId: string; turnId: string };

describe('two organizations', () => {
  let agent: TestAgent;
  let victim: Actor;
  let theirs: Target;
  const attacker = person();
  before(async () => {
    agent = await startTestAgent();
    victim = person();
    theirs = await furnish(victim, 'zanzibar');
    await furnish(attacker, 'madagascar');
  });
  after(() => agent.stop());

  const furnish = async (owner: Actor, word: string): Promise<Target> => {
    const knowledgeBaseId = await createKnowledgeBase(agent, owner, word);
    const { document } = await addDocument(agent, owner, {
      knowledgeBaseId,
      title: word,
      text: `The code word is ${word}. The Basic plan costs €29 per month.`,
    });
    const created = await createAgent(agent, owner, { name: word, knowledgeBaseId });
    const input = replyInput(created.agent.id, 'How much is the Basic plan per month?');
    await agent.replyParts(owner.tenantId, input);
    return { knowledgeBaseId, documentId: document.id, agentId: created.agent.id, turnId: input.turnId };
  };
  /** Ids that nobody has, next to B's. */
  const nobodys = (): Target => {
    const beside = (id: string) => `${id.slice(0, -1)}${id.endsWith('0') ? '1' : '0'}`;
    return Object.fromEntries(Object.entries(theirs).map(([name, id]) => [name, beside(id)])) as Target;
  };

  /** Everything an id can be put into, as the attacker. */
  const attempts: Record<string, (target: Target) => Promise<unknown>> = {
    agent: ({ agentId }) => agent.ask(attacker, 'query($id: ID!) { agent(id: $id) { name } }', { id: agentId }),
    'agent as an entity': ({ agentId }) => entities({ __typename: 'Agent', id: agentId }),
    'turn as an entity': async ({ turnId }) =>
      JSON.stringify(await entities({ __typename: 'Turn', id: turnId })).replace(turnId, ''),
    knowledgeBase: ({ knowledgeBaseId }) =>
      agent.ask(attacker, 'query($id: ID!) { knowledgeBase(id: $id) { name } }', { id: knowledgeBaseId }),
    searchKnowledge: ({ knowledgeBaseId }) => search(agent, attacker, knowledgeBaseId, 'code word'),
    addKnowledgeDocument: ({ knowledgeBaseId }) =>
      addDocument(agent, attacker, { knowledgeBaseId, title: 'x', text: 'x' }),
    removeKnowledgeDocument: ({ documentId }) => removeDocument(agent, attacker, documentId),
    createAgent: ({ knowledgeBaseId }) => createAgent(agent, attacker, { knowledgeBaseId }),
    updateAgent: ({ agentId }) =>
      agent.ask(
        attacker,
        `mutation($input: UpdateAgentInput!) { updateAgent(input: $input) { __typename ${refusal} } }`,
        { input: { id: agentId, name: 'mine' } },
      ),
    replyParts: ({ agentId }) =>
      agent
        .replyParts(attacker.tenantId, replyInput(agentId, 'What is the code word?'))
        .then(textOf, (error: { message: string; extensions: object }) => [error.message, error.extensions]),
    'agents after its cursor': ({ agentId }) =>
      agent.ask(
        attacker,
        'query($after: String) { agents(after: $after, first: 0) { edges { node { name } } pageInfo { hasNextPage } } }',
        { after: Buffer.from(agentId).toString('base64url') },
      ),
  };
  const entities = (representation: object) =>
    agent.ask(
      attacker,
      'query($representations: [_Any!]!) { _entities(representations: $representations) { ... on Agent { name } ... on Turn { id reply { strategy citations { text } } } } }',
      { representations: [representation] },
    );

  for (const [name, attempt] of Object.entries(attempts)) {
    test(`I01 I29 ${name}: another organization’s id answers exactly like an unknown one`, async () => {
      assert.deepEqual(await attempt(theirs), await attempt(nobodys()));
    });
  }

  test('I09 I11 I12 nothing of the other organization was changed by trying', async () => {
    assert.equal((await search(agent, victim, theirs.knowledgeBaseId, 'code word'))?.length, 1);
    const { name } = await agent.ask<{ name: string }>(victim, 'query($id: ID!) { agent(id: $id) { name } }', {
      id: theirs.agentId,
    });
    assert.equal(name, 'zanzibar');
  });

  test('I30 lists hold one’s own only', async () => {
    const listed = JSON.stringify([
      await agent.ask(attacker, '{ agents(first: 100) { edges { node { id name } } } }'),
      await agent.ask(
        attacker,
        '{ knowledgeBases(first: 100) { edges { node { id name documents { edges { node { id title text } } } } } } }',
      ),
    ]);
    assert.match(listed, /madagascar/);
    assert.doesNotMatch(listed, new RegExp(['zanzibar', ...Object.values(theirs)].join('|')));
  });

  test('I26 the same search by two organizations at once never crosses, also while both change', async () => {
    const owners = [person(), person()];
    const bases = await Promise.all(owners.map((owner) => createKnowledgeBase(agent, owner, 'Shared name')));
    await Promise.all(
      Array.from({ length: 60 }, async (_, i) => {
        const mine = i % 2;
        const owner = owners[mine] as Actor;
        const knowledgeBaseId = bases[mine] as string;
        if (i % 5 === 0)
          await addDocument(agent, owner, {
            knowledgeBaseId,
            title: `of ${mine}`,
            text: `Everything about the widget, number ${i}.`,
          });
        const found = await search(agent, owner, knowledgeBaseId, 'widget', 100);
        assert.ok((found ?? []).every(({ document }) => document.title === `of ${mine}`));
        assert.equal(await search(agent, owner, bases[1 - mine] as string, 'widget'), null);
      }),
    );
  });

  describe('beneath the schema', () => {
    const database = () => openAgentDatabase(agent.pool);

    test('I02 I10 I11 I12 rows of B cannot be read, moved, changed or deleted as A', async () => {
      const db = database();
      const client = db.forTenant(attacker.tenantId);
      assert.deepEqual(await client.agent.findMany({ where: { id: theirs.agentId } }), []);
      assert.deepEqual(await client.passage.findMany({ where: { tenantId: victim.tenantId } }), []);
      assert.deepEqual(await client.replyTrace.findMany({ where: { turnId: theirs.turnId } }), []);
      assert.equal((await client.agent.updateMany({ where: { id: theirs.agentId }, data: { name: 'mine' } })).count, 0);
      assert.equal((await client.knowledgeDocument.deleteMany({ where: { id: theirs.documentId } })).count, 0);
      await assert.rejects(client.agent.updateMany({ data: { tenantId: victim.tenantId } }));
      await db.close();
    });

    test('I09 I14 I18 rows cannot be put into B, nor point at its rows, nor history be rewritten', async () => {
      const db = database();
      const client = db.forTenant(attacker.tenantId);
      const mine = { tenantId: attacker.tenantId, id: randomUUID(), name: 'x', createdAt: new Date() };
      await assert.rejects(client.knowledgeBase.create({ data: { ...mine, tenantId: victim.tenantId } }));
      const traits = { warmth: 0, formality: 0, assertiveness: 0, brevity: 0 };
      await assert.rejects(
        client.agent.create({ data: { ...mine, ...traits, locale: 'en', knowledgeBaseId: theirs.knowledgeBaseId } }),
      );
      await assert.rejects(client.event.updateMany({ data: { type: 'x' } }));
      await assert.rejects(client.event.deleteMany());
      await assert.rejects(client.replyTrace.updateMany({ data: { text: 'x' } }));
      await assert.rejects(client.$executeRaw`TRUNCATE agent.agent CASCADE`);
      await assert.rejects(client.$executeRaw`ALTER TABLE agent.agent DISABLE ROW LEVEL SECURITY`);
      await db.close();
    });

    test('I15 I16 ids taken by B are free for A', async () => {
      const db = database();
      const client = db.forTenant(attacker.tenantId);
      const data = { tenantId: attacker.tenantId, id: theirs.knowledgeBaseId, name: 'x', createdAt: new Date() };
      await client.knowledgeBase.create({ data });
      assert.equal((await search(agent, victim, theirs.knowledgeBaseId, 'code word'))?.length, 1);
      assert.deepEqual(await search(agent, attacker, theirs.knowledgeBaseId, 'code word'), []);
      await db.close();
    });

    test('I19 I20 an empty tenant sees nothing, an unset one is an error', async () => {
      const db = database();
      assert.deepEqual(await db.forTenant(randomUUID()).agent.findMany(), []);
      assert.throws(() => db.forTenant(''));
      await assert.rejects(db.asRole('agent_app').agent.findMany());
      await assert.rejects(db.asRole('agent_relay').agent.findMany());
      await db.close();
    });
  });
});
