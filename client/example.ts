/** A conversation in a terminal: `node client/example.ts [http://127.0.0.1:4000/graphql] [message]`. */
import {
  AddKnowledgeDocumentDocument,
  applyTurnUpdate,
  CreateAgentDocument,
  CreateKnowledgeBaseDocument,
  createClient,
  EndConversationDocument,
  SendMessageDocument,
  StartConversationDocument,
  transcriptOf,
} from '@parley/client';

const [url = 'http://127.0.0.1:4000/graphql', message = 'What does the Business plan cost?'] = process.argv.slice(2);
const client = createClient({ url });

/** A success, or the end: a Refusal is an expected "no" that says what to do about it. */
const success = <T extends { __typename: string; message?: string }>(result: T | null) => {
  if (result === null || result.__typename === 'Refusal') throw new Error(result?.message ?? 'no answer');
  return result as Exclude<T, { __typename: 'Refusal' }>;
};

// An organization of our own, an agent, and what it knows.
const email = `${crypto.randomUUID()}@example.com`;
success(await client.signUp({ email, password: crypto.randomUUID(), organizationName: 'Example' }));
const input = { name: 'Price list' };
const { knowledgeBase } = success((await client.execute(CreateKnowledgeBaseDocument, { input })).createKnowledgeBase);
const document = {
  knowledgeBaseId: knowledgeBase.id,
  title: 'Prices',
  text: 'The Business plan costs 79 euros per month.',
};
success((await client.execute(AddKnowledgeDocumentDocument, { input: document })).addKnowledgeDocument);
const alex = { name: 'Alex', locale: 'en-US', knowledgeBaseId: knowledgeBase.id };
const { agent } = success((await client.execute(CreateAgentDocument, { input: alex })).createAgent);

// A conversation; its updates are followed from the state it is in now, over as many connections as it takes.
const start = { agentId: agent.id, channel: 'WEB' } as const;
const { conversation } = success((await client.execute(StartConversationDocument, { input: start })).startConversation);
const conversationId = conversation.id;
let transcript = transcriptOf([], conversation.turnsCursor);

const say = { conversationId, text: message, clientMessageId: crypto.randomUUID() };
success((await client.execute(SendMessageDocument, { input: say })).sendMessage);

for await (const update of client.conversationTurns({ conversationId, after: conversation.turnsCursor })) {
  transcript = applyTurnUpdate(transcript, update);
  if (update.kind === 'STARTED') process.stdout.write(`\n${update.turn.role.toLowerCase()}: `);
  if (update.kind === 'DELTA') process.stdout.write(update.textDelta ?? '');
  if (update.turn.role === 'AGENT' && update.kind === 'COMPLETED') break;
}
process.stdout.write(`\n\n${transcript.turns.length} turns\n`);

success(
  (await client.execute(EndConversationDocument, { input: { conversationId, outcome: 'CONVERTED' } })).endConversation,
);
client.close();
