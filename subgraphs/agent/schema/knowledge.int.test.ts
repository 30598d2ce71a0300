import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import {
  addDocument,
  createKnowledgeBase,
  person,
  refusal,
  removeDocument,
  search,
  startTestAgent,
  type TestAgent,
} from './testAgent.fixture.ts';

describe('knowledge', () => {
  let agent: TestAgent;
  before(async () => {
    agent = await startTestAgent();
  });
  after(() => agent.stop());

  const titles = (found: Awaited<ReturnType<typeof search>>) => (found ?? []).map(({ document }) => document.title);

  test('a document is found as soon as it is added, and gone as soon as it is removed', async () => {
    const owner = person();
    const knowledgeBaseId = await createKnowledgeBase(agent, owner);
    assert.deepEqual(await search(agent, owner, knowledgeBaseId, 'pricing'), []);
    const prices = await addDocument(agent, owner, {
      knowledgeBaseId,
      title: 'Prices',
      text: 'The Basic plan costs 29 € a month.',
    });
    assert.equal(prices.document.title, 'Prices');
    assert.deepEqual(titles(await search(agent, owner, knowledgeBaseId, 'What does the basic plan cost?')), ['Prices']);
    await addDocument(agent, owner, {
      knowledgeBaseId,
      title: 'Support',
      text: 'Our support answers within two hours, every day of the week.',
    });
    const found = await search(agent, owner, knowledgeBaseId, 'support');
    assert.deepEqual(titles(found), ['Support']);
    assert.ok((found?.[0]?.score ?? 0) > 0);
    assert.equal(found?.[0]?.text, 'Our support answers within two hours, every day of the week.');

    assert.deepEqual(await removeDocument(agent, owner, prices.document.id), { documentId: prices.document.id });
    assert.deepEqual(titles(await search(agent, owner, knowledgeBaseId, 'What does the basic plan cost?')), []);
    assert.deepEqual(titles(await search(agent, owner, knowledgeBaseId, 'support')), ['Support']);
    assert.equal((await removeDocument(agent, owner, prices.document.id)).code, 'NOT_FOUND');

    await agent.drained();
    assert.deepEqual(
      agent.events
        .filter(({ aggregateId }) => aggregateId === knowledgeBaseId)
        .map(({ type, version, data }) => [type, version, (data as { version?: number }).version]),
      [
        ['agent.KnowledgeBaseCreated', 1, undefined],
        ['agent.KnowledgeDocumentAdded', 2, 1],
        ['agent.KnowledgeDocumentAdded', 3, 2],
        ['agent.KnowledgeDocumentRemoved', 4, 3],
      ],
    );
    const [, added] = agent.events.filter(({ aggregateId }) => aggregateId === knowledgeBaseId);
    assert.deepEqual(added?.data, {
      knowledgeBaseId,
      documentId: prices.document.id,
      version: 1,
      language: 'en',
      bytes: 36,
      passageCount: 1,
    });
  });

  test('documents added at the same moment are all found, each once', async () => {
    const owner = person();
    const knowledgeBaseId = await createKnowledgeBase(agent, owner);
    const numbers = Array.from({ length: 12 }, (_, i) => i);
    await Promise.all(
      numbers.map(async (i) => {
        await addDocument(agent, owner, {
          knowledgeBaseId,
          title: `Plan ${i}`,
          text: `Plan ${i} includes the quantum widget number ${i}.`,
        });
        const found = titles(await search(agent, owner, knowledgeBaseId, 'quantum widget', 100));
        assert.ok(found.includes(`Plan ${i}`), `its writer finds ${i}`);
        assert.equal(new Set(found).size, found.length);
      }),
    );
    const found = titles(await search(agent, owner, knowledgeBaseId, 'quantum widget', 100));
    assert.deepEqual(found.toSorted(), numbers.map((i) => `Plan ${i}`).toSorted());
  });

  test('a search reads one row when nothing has changed', async () => {
    const owner = person();
    const knowledgeBaseId = await createKnowledgeBase(agent, owner);
    await addDocument(agent, owner, { knowledgeBaseId, title: 'Prices', text: 'The Basic plan costs 29 € a month.' });
    await search(agent, owner, knowledgeBaseId, 'plan');
    agent.statements.length = 0;
    await search(agent, owner, knowledgeBaseId, 'nothing like it');
    const selects = agent.statements.filter((sql) => sql.includes('SELECT') && !sql.includes('knowledge_document'));
    assert.equal(selects.length, 1, selects.join('\n'));
    assert.match(selects[0] ?? '', /"knowledge_base"/);
    assert.ok(!agent.statements.some((sql) => sql.includes('agent.passage')));
  });

  test('Spanish knowledge is searched with Spanish stems', async () => {
    const owner = person();
    const knowledgeBaseId = await createKnowledgeBase(agent, owner, 'Tarifas');
    const text =
      'El plan básico cuesta 29 € al mes. Las devoluciones son gratuitas durante los primeros treinta días de la compra.';
    await addDocument(agent, owner, { knowledgeBaseId, title: 'Tarifas', text });
    assert.deepEqual(titles(await search(agent, owner, knowledgeBaseId, '¿puedo hacer una devolución gratuita?')), [
      'Tarifas',
    ]);
  });

  test('an index that was pushed out of memory is read again', async () => {
    const owner = person();
    const first = await createKnowledgeBase(agent, owner);
    await addDocument(agent, owner, { knowledgeBaseId: first, title: 'One', text: 'The first of many words.' });
    await search(agent, owner, first, 'words');
    // 10,000 passages fit; these are more than half of that.
    const big = Array.from(
      { length: 6000 },
      (_, i) => `Paragraph ${i} ${'speaks at length of something else entirely '.repeat(2)}.`,
    ).join('\n\n');
    for (let i = 0; i < 2; i++) {
      const knowledgeBaseId = await createKnowledgeBase(agent, owner, `Big ${i}`);
      for (let part = 0; part < 6; part++) {
        await addDocument(agent, owner, { knowledgeBaseId, title: `Book ${part}`, text: big });
      }
      assert.equal((await search(agent, owner, knowledgeBaseId, 'paragraph length', 100))?.length, 100);
    }
    assert.deepEqual(titles(await search(agent, owner, first, 'words')), ['One']);
  });

  test('what cannot be a document is refused field by field', async () => {
    const owner = person();
    const knowledgeBaseId = await createKnowledgeBase(agent, owner);
    const good = { knowledgeBaseId, title: 'Prices', text: 'The Basic plan costs 29 € a month.' };
    const refused = async (input: object) => {
      const { code, issues } = await addDocument(agent, owner, { ...good, ...input });
      return [code, ...(issues ?? []).map(({ path }) => path.join('.'))];
    };
    for (const title of ['', '  ', 'x'.repeat(301), 'a\u0000b', 'a\nb', '\udfff']) {
      assert.deepEqual(await refused({ title }), ['INVALID_INPUT', 'title'], JSON.stringify(title));
    }
    for (const text of ['', ' \n\t', 'a\u0000b', 'a\u0007b', '\ud83d', `€${'x'.repeat(999_998)}`]) {
      assert.deepEqual(await refused({ text }), ['INVALID_INPUT', 'text'], JSON.stringify(text.slice(0, 20)));
    }
    assert.deepEqual(await refused({ title: '', text: '' }), ['INVALID_INPUT', 'title', 'text']);
    for (const unknown of [randomUUID(), 'nonsense', '']) {
      assert.deepEqual(await refused({ knowledgeBaseId: unknown }), ['NOT_FOUND', 'knowledgeBaseId'], unknown);
    }
    for (const text of ['a\tb\r\nc', '🙂', '…', `${'€ '.repeat(249_999)}xxx`]) {
      assert.ok((await addDocument(agent, owner, { ...good, text })).document, JSON.stringify(text.slice(0, 20)));
    }
    const named = await agent.ask<{ code: string; issues: { path: string[] }[] }>(
      owner,
      `mutation { createKnowledgeBase(input: { name: "" }) { __typename ${refusal} } }`,
    );
    assert.deepEqual([named.code, named.issues.map(({ path }) => path)], ['INVALID_INPUT', [['name']]]);
  });

  test('a search that makes no sense is an error, an unknown knowledge base is null', async () => {
    const owner = person();
    const knowledgeBaseId = await createKnowledgeBase(agent, owner);
    await addDocument(agent, owner, { knowledgeBaseId, title: 'Prices', text: 'The Basic plan costs 29 € a month.' });
    for (const first of [-1, 101, 1_000_000]) {
      assert.deepEqual(
        await agent.errorCodes(
          owner,
          `{ searchKnowledge(knowledgeBaseId: "${knowledgeBaseId}", query: "plan", first: ${first}) { score } }`,
        ),
        ['BAD_USER_INPUT'],
      );
    }
    assert.deepEqual(
      await agent.errorCodes(
        owner,
        `{ searchKnowledge(knowledgeBaseId: "${knowledgeBaseId}", query: "${'x'.repeat(8001)}") { score } }`,
      ),
      ['BAD_USER_INPUT'],
    );
    for (const query of ['', ' ', '\u0000', "'; DROP TABLE agent.agent; --", '%', '🙂', '\\'])
      assert.deepEqual(await search(agent, owner, knowledgeBaseId, query), [], query);
    for (const unknown of [randomUUID(), 'nonsense', ''])
      assert.equal(await search(agent, owner, unknown, 'plan'), null);
    assert.deepEqual(await search(agent, owner, knowledgeBaseId, 'plan', 0), []);
  });

  test('knowledge bases and their documents are listed newest first', async () => {
    const owner = person();
    const ids = [await createKnowledgeBase(agent, owner, 'a'), await createKnowledgeBase(agent, owner, 'b')];
    for (const title of ['one', 'two', 'three'])
      await addDocument(agent, owner, { knowledgeBaseId: ids[1] ?? '', title, text: `Text of ${title}.` });
    type Listed = {
      edges: {
        node: {
          name: string;
          documents: {
            edges: { cursor: string; node: { title: string; text: string; bytes: number } }[];
            pageInfo: { hasNextPage: boolean };
          };
        };
      }[];
    };
    const listed = await agent.ask<Listed>(
      owner,
      '{ knowledgeBases { edges { node { name documents(first: 2) { edges { cursor node { title text bytes } } pageInfo { hasNextPage } } } } } }',
    );
    assert.deepEqual(
      listed.edges.map(({ node }) => [
        node.name,
        node.documents.edges.map((edge) => edge.node),
        node.documents.pageInfo.hasNextPage,
      ]),
      [
        [
          'b',
          [
            { title: 'three', text: 'Text of three.', bytes: 14 },
            { title: 'two', text: 'Text of two.', bytes: 12 },
          ],
          true,
        ],
        ['a', [], false],
      ],
    );
    const cursor = listed.edges[0]?.node.documents.edges.at(-1)?.cursor;
    const rest = await agent.ask<{ documents: { edges: { node: { title: string } }[] } }>(
      owner,
      'query($id: ID!, $after: String) { knowledgeBase(id: $id) { documents(after: $after) { edges { node { title } } } } }',
      { id: ids[1], after: cursor },
    );
    assert.deepEqual(
      rest.documents.edges.map(({ node }) => node.title),
      ['one'],
    );
    assert.equal(await agent.ask(owner, `{ knowledgeBase(id: "${randomUUID()}") { id } }`), null);
  });
});
