import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { type Actor, serviceActor } from '@parley/kernel/actor';
import { openPool, type Pool } from '@parley/kernel/database';
import type { StoredEvent } from '@parley/kernel/event';
import { inProcessBus } from '@parley/kernel/inProcessBus';
import type { MasterKey } from '@parley/kernel/keyFile';
import { createLog } from '@parley/kernel/log';
import { memoryPubSub } from '@parley/kernel/memoryPubSub';
import type { Subgraph } from '@parley/kernel/subgraph';
import { type TestDatabase, testDatabase } from '../../../test/testkit/database.ts';
import { agentTopic } from '../events.ts';
import { type AgentOptions, startAgent } from '../server.ts';

/** A person of an organization of their own, unless told whose. */
export const person = (tenantId: string = randomUUID()): Actor => ({
  kind: 'USER',
  id: randomUUID(),
  tenantId,
  role: 'OWNER',
  scopes: ['agents:read', 'agents:write', 'knowledge:read', 'knowledge:write'],
  partnerId: null,
  conversationId: null,
  sessionId: null,
  expiresAt: null,
});

/** A voice subgraph that knows some voices, over pages of two; while `away` it cannot be asked. */
export const testVoices = { ids: ['ana', 'ben', 'eva'], away: false };
const voice: Subgraph = {
  name: 'voice',
  execute: async ({ variables }) => {
    if (testVoices.away) return { data: null, errors: [{ message: 'voice is away' }] };
    const from = Number(variables?.['after'] ?? 0);
    const page = testVoices.ids.slice(from, from + 2);
    return {
      data: {
        voices: {
          edges: page.map((id) => ({ node: { id, locale: 'en-US' } })),
          pageInfo: { hasNextPage: from + 2 < testVoices.ids.length, endCursor: String(from + 2) },
        },
      },
    };
  },
  subscribe: () => Promise.reject(new Error('not asked here')),
};

export type TestAgent = {
  readonly database: TestDatabase;
  readonly pool: Pool;
  readonly events: StoredEvent[];
  readonly statements: string[];
  drained(): Promise<void>;
  /** The field's value; fails on any error. */
  ask<T>(actor: Actor, query: string, variables?: Record<string, unknown>): Promise<T>;
  /** The codes of the errors, without data checks. */
  errorCodes(actor: Actor | null, query: string, variables?: Record<string, unknown>): Promise<unknown[]>;
  replyParts(tenantId: string, input: object, signal?: AbortSignal): Promise<Part[]>;
  readonly subgraph: Subgraph;
  stop(): Promise<void>;
};
export type Part = {
  kind: string;
  text: string | null;
  intent: { name: string; confidence: number; outOfScope: boolean } | null;
  sentiment: number | null;
  phase: string | null;
};

export const replyQuery = `subscription($input: ReplyInput!) {
  replyParts(input: $input) { kind text intent { name confidence outOfScope } sentiment objection phase }
}`;

/** The whole subgraph on a database of its own. */
export const startTestAgent = async (options: Partial<AgentOptions> = {}): Promise<TestAgent> => {
  const database = await testDatabase();
  const pool = openPool(database.url, { max: 6, waitMs: 20_000 });
  const bus = inProcessBus();
  const events: StoredEvent[] = [];
  await bus.consume('test', [agentTopic], async (list) => void events.push(...list));
  const statements: string[] = [];
  const server = await startAgent({
    pool,
    bus,
    pubsub: memoryPubSub(),
    masterKey: {} as MasterKey,
    log: createLog({ level: 'error', service: 'agent' }),
    clock: () => new Date(),
    config: { maxIndexedPassages: 10_000 },
    subgraphs: { voice },
    onStatement: (sql) => statements.push(sql),
    ...options,
  });
  const { subgraph } = server;
  return {
    database,
    pool,
    events,
    statements,
    subgraph,
    drained: server.drained,
    ask: async <T>(actor: Actor, query: string, variables?: Record<string, unknown>) => {
      const { data, errors } = await subgraph.execute({ query, variables, actor, requestId: 'test' });
      assert.deepEqual(errors ?? [], []);
      // As it arrives over a wire: plain objects.
      return JSON.parse(JSON.stringify(Object.values(data ?? {})[0])) as T;
    },
    errorCodes: async (actor, query, variables) => {
      const { errors } = await subgraph.execute({ query, variables, actor, requestId: 'test' });
      return (errors ?? []).map(({ extensions }) => extensions?.['code']);
    },
    replyParts: async (tenantId, input, signal) => {
      const actor = serviceActor('sales', tenantId);
      const stream = await subgraph.subscribe({
        query: replyQuery,
        variables: { input },
        actor,
        requestId: 'test',
        signal,
      });
      const parts: Part[] = [];
      for await (const { data, errors } of stream) {
        assert.deepEqual(errors ?? [], []);
        parts.push((data as { replyParts: Part }).replyParts);
      }
      return parts;
    },
    stop: async () => {
      await server.stop();
      await pool.end();
      await database.drop();
    },
  };
};

type Refused = { code: string; message: string; issues: { path: string[] }[] };
export const refusal = '... on Refusal { code message issues { path } }';
export const createAgentMutation = `mutation($input: CreateAgentInput!) { createAgent(input: $input) {
  ... on CreateAgentSuccess { agent { id name locale personality { warmth formality assertiveness brevity } voice { id } knowledgeBase { id name } } } ${refusal} } }`;
export type AgentResult = Partial<Refused> & {
  agent: {
    id: string;
    name: string;
    locale: string;
    personality: Record<'warmth' | 'formality' | 'assertiveness' | 'brevity', number>;
    voice: { id: string } | null;
    knowledgeBase: { id: string; name: string } | null;
  };
};

export const createAgent = async (agent: TestAgent, actor: Actor, input: object = {}) =>
  agent.ask<AgentResult>(actor, createAgentMutation, { input: { name: 'Mia', locale: 'en-US', ...input } });

export const createKnowledgeBase = async (agent: TestAgent, actor: Actor, name = 'Products'): Promise<string> => {
  const { knowledgeBase } = await agent.ask<{ knowledgeBase: { id: string } }>(
    actor,
    'mutation($input: CreateKnowledgeBaseInput!) { createKnowledgeBase(input: $input) { ... on CreateKnowledgeBaseSuccess { knowledgeBase { id } } } }',
    { input: { name } },
  );
  return knowledgeBase.id;
};

export const addDocument = async (
  agent: TestAgent,
  actor: Actor,
  input: { knowledgeBaseId: string; title: string; text: string },
): Promise<Partial<Refused> & { document: { id: string; title: string } }> =>
  agent.ask(
    actor,
    `mutation($input: AddKnowledgeDocumentInput!) { addKnowledgeDocument(input: $input) {
      ... on AddKnowledgeDocumentSuccess { document { id title } } ${refusal} } }`,
    { input },
  );

export const removeDocument = async (agent: TestAgent, actor: Actor, documentId: string) =>
  agent.ask<Partial<Refused> & { documentId?: string }>(
    actor,
    `mutation($input: RemoveKnowledgeDocumentInput!) { removeKnowledgeDocument(input: $input) {
      ... on RemoveKnowledgeDocumentSuccess { documentId } ${refusal} } }`,
    { input: { documentId } },
  );

export const search = async (agent: TestAgent, actor: Actor, knowledgeBaseId: string, query: string, first = 5) =>
  agent.ask<{ document: { id: string; title: string }; text: string; score: number }[] | null>(
    actor,
    'query($id: ID!, $query: String!, $first: Int!) { searchKnowledge(knowledgeBaseId: $id, query: $query, first: $first) { document { id title } text score } }',
    { id: knowledgeBaseId, query, first },
  );

/** A customer's turn for an agent to answer. */
export const replyInput = (agentId: string, message: string, more: object = {}) => ({
  conversationId: randomUUID(),
  inReplyTo: randomUUID(),
  turnId: randomUUID(),
  agentId,
  locale: 'en-US',
  phase: 'DISCOVERY',
  message,
  history: [],
  discloseAi: false,
  ...more,
});
export const textOf = (parts: readonly Part[]): string => parts.map(({ text }) => text ?? '').join('');
