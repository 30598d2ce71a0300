import { serviceActor } from '@parley/kernel/actor';
import type { Pool } from '@parley/kernel/database';
import { uuidv7 } from '@parley/kernel/id';
import { openStage } from '@parley/kernel/rehearsal';
import type { Subgraph } from '@parley/kernel/subgraph';
import { type Customer, enter } from './customer.ts';

export type RehearsalParts = {
  /** Of the gateway, without a path. */
  readonly url: string;
  readonly pool: Pool;
  readonly agent: Subgraph;
  readonly sales: Subgraph;
  /** Throws away a tenant's audio. */
  readonly forgetAudio: (tenantId: string) => Promise<void>;
  /** Ends it before its time. */
  readonly signal: AbortSignal;
};

const conversations = 4;
const rounds = 15;
const longestMs = 20_000;
const knowledge = `The Starter plan costs 19 euros per month. It includes 3 users.

The Pro plan costs 49 euros per month. It includes 20 users and phone support.

Every plan can be cancelled at the end of each month. Data is stored in Frankfurt and encrypted.`;
const messages = [
  'How much is the Pro plan?',
  'What does Starter include?',
  'That is too expensive.',
  'Can I cancel?',
  'Where is my data stored?',
];

/**
 * Customers who never were talk to an agent who never was, through the gateway as everybody does: code is several times
 * slower until it has run a while, and so the first real customer finds it as fast as a later one. It all happens for a
 * tenant of its own, in a transaction that is never committed.
 */
export const rehearseConversations = async ({ url, pool, agent, sales, ...parts }: RehearsalParts): Promise<void> => {
  const tenantId = uuidv7();
  const signal = AbortSignal.any([parts.signal, AbortSignal.timeout(longestMs)]);
  const stage = await openStage(pool, tenantId);
  const customers: Customer[] = [];
  try {
    const agentId = await hireAgent(agent, tenantId);
    for (let number = 0; number < conversations; number++) {
      const { id, visitorToken } = await startConversation(sales, tenantId, agentId);
      customers.push(await enter(url, id, visitorToken));
    }
    for (let round = 0; round < rounds; round++) {
      const message = messages[round % messages.length] ?? '';
      await Promise.all(customers.map(({ say }) => say(message, signal)));
    }
  } finally {
    for (const { leave } of customers) leave();
    await stage.end();
    await parts.forgetAudio(tenantId);
  }
};

const ask = async <T>(subgraph: Subgraph, tenantId: string, query: string, input: object): Promise<T> => {
  const { data, errors } = await subgraph.execute({
    query,
    variables: { input },
    actor: serviceActor('platform', tenantId),
    requestId: 'rehearsal',
  });
  if (errors?.length || !data) throw new Error(`${subgraph.name}: ${errors?.[0]?.message ?? 'no answer'}`);
  return data as T;
};

const hireAgent = async (agent: Subgraph, tenantId: string): Promise<string> => {
  const { createKnowledgeBase } = await ask<{ createKnowledgeBase: { knowledgeBase: { id: string } } }>(
    agent,
    tenantId,
    'mutation($input: CreateKnowledgeBaseInput!) { createKnowledgeBase(input: $input) { ... on CreateKnowledgeBaseSuccess { knowledgeBase { id } } } }',
    { name: 'Rehearsal' },
  );
  const knowledgeBaseId = createKnowledgeBase.knowledgeBase.id;
  await ask(
    agent,
    tenantId,
    'mutation($input: AddKnowledgeDocumentInput!) { addKnowledgeDocument(input: $input) { ... on AddKnowledgeDocumentSuccess { document { id } } } }',
    { knowledgeBaseId, title: 'Price list', text: knowledge },
  );
  const { createAgent } = await ask<{ createAgent: { agent: { id: string } } }>(
    agent,
    tenantId,
    'mutation($input: CreateAgentInput!) { createAgent(input: $input) { ... on CreateAgentSuccess { agent { id } } } }',
    { name: 'Ana', locale: 'en-US', knowledgeBaseId },
  );
  return createAgent.agent.id;
};

type Started = { startConversation: { visitorToken: string; conversation: { id: string } } };
const startConversation = async (
  sales: Subgraph,
  tenantId: string,
  agentId: string,
): Promise<{ id: string; visitorToken: string }> => {
  const { startConversation: started } = await ask<Started>(
    sales,
    tenantId,
    'mutation($input: StartConversationInput!) { startConversation(input: $input) { ... on StartConversationSuccess { visitorToken conversation { id } } } }',
    { agentId, channel: 'WEB' },
  );
  return { id: started.conversation.id, visitorToken: started.visitorToken };
};
