import { type Client, createClient } from 'graphql-ws';
import { WebSocket } from 'ws';

export type Answer = {
  status: number;
  data: Record<string, unknown> | null;
  errors?: { message: string; path?: unknown[]; extensions?: Record<string, unknown> }[];
};

/** Posts one operation. */
export const post = async (
  url: string,
  query: string,
  variables: object = {},
  token?: string,
  signal?: AbortSignal,
): Promise<Answer> => {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify({ query, variables }),
    ...(signal === undefined ? {} : { signal }),
  });
  const body = (await response.json()) as Omit<Answer, 'status'>;
  return { ...body, status: response.status };
};

/** Posts, and throws when there is any error. */
export const ask = async <T>(url: string, query: string, variables: object = {}, token?: string): Promise<T> => {
  const { data, errors, status } = await post(url, query, variables, token);
  if (errors?.length || data === null || data === undefined) throw new Error(`${status} ${JSON.stringify(errors)}`);
  return data as T;
};

/**
 * A graphql-transport-ws client without any retry: a test sees each disconnect. `keepAliveMs`: a server that does not
 * answer a ping for so long is left.
 */
export const socket = (url: string, token?: string, { keepAliveMs = 0 }: { keepAliveMs?: number } = {}): Client => {
  let silent: NodeJS.Timeout | undefined;
  const client = createClient({
    keepAlive: keepAliveMs,
    on: {
      ping: (received) => {
        if (received || keepAliveMs === 0) return;
        silent = setTimeout(() => client.terminate(), keepAliveMs);
      },
      pong: (received) => {
        if (received) clearTimeout(silent);
      },
      closed: () => clearTimeout(silent),
    },
    url: `${url.replace(/^http/, 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    retryAttempts: 0,
    lazy: true,
    ...(token === undefined ? {} : { connectionParams: { authorization: `Bearer ${token}` } }),
  });
  return client;
};

const signUpMutation = `mutation SignUp($input: SignUpInput!) { signUp(input: $input) {
  ... on SignUpSuccess { accessToken refreshToken viewer { id organization { id } } } ... on Refusal { code message } } }`;

export type SignedUp = {
  accessToken: string;
  refreshToken: string;
  viewer: { id: string; organization: { id: string } };
};
export const signUp = async (url: string, name = 'Acme'): Promise<SignedUp> => {
  const input = {
    email: `owner-${crypto.randomUUID()}@example.com`,
    password: 'correct horse battery',
    organizationName: name,
  };
  return (await ask<{ signUp: SignedUp }>(url, signUpMutation, { input })).signUp;
};

export const priceList = `The Starter plan costs 19 euros per month. It includes 3 users.

The Pro plan costs 49 euros per month. It includes 20 users and phone support.

Every plan can be cancelled at the end of each month. Data is stored in Frankfurt and encrypted.`;

/** An agent that knows the price list. @returns the ids */
export const createAgent = async (
  url: string,
  token: string,
  input: { locale?: string; text?: string } = {},
): Promise<{ agentId: string; knowledgeBaseId: string; documentId: string }> => {
  const { createKnowledgeBase } = await ask<{ createKnowledgeBase: { knowledgeBase: { id: string } } }>(
    url,
    'mutation { createKnowledgeBase(input: { name: "Prices" }) { ... on CreateKnowledgeBaseSuccess { knowledgeBase { id } } } }',
    {},
    token,
  );
  const knowledgeBaseId = createKnowledgeBase.knowledgeBase.id;
  const { addKnowledgeDocument } = await ask<{ addKnowledgeDocument: { document: { id: string } } }>(
    url,
    `mutation($input: AddKnowledgeDocumentInput!) { addKnowledgeDocument(input: $input) { ... on AddKnowledgeDocumentSuccess { document { id } } } }`,
    { input: { knowledgeBaseId, title: 'Price list', text: input.text ?? priceList } },
    token,
  );
  const { createAgent } = await ask<{ createAgent: { agent: { id: string } } }>(
    url,
    `mutation($input: CreateAgentInput!) { createAgent(input: $input) { ... on CreateAgentSuccess { agent { id } } ... on Refusal { message } } }`,
    { input: { name: 'Ana', locale: input.locale ?? 'en-US', knowledgeBaseId } },
    token,
  );
  return { agentId: createAgent.agent.id, knowledgeBaseId, documentId: addKnowledgeDocument.document.id };
};

export type Started = { conversation: { id: string; turnsCursor: string }; visitorToken: string };
export const startConversation = async (url: string, token: string, agentId: string): Promise<Started> => {
  const { startConversation } = await ask<{ startConversation: Started }>(
    url,
    `mutation($input: StartConversationInput!) { startConversation(input: $input) { ... on StartConversationSuccess { visitorToken conversation { id turnsCursor } } ... on Refusal { code message } } }`,
    { input: { agentId, channel: 'WEB' } },
    token,
  );
  return startConversation;
};

export const sendMessage = async (
  url: string,
  token: string,
  conversationId: string,
  text: string,
  clientMessageId?: string,
) => {
  const { sendMessage } = await ask<{
    sendMessage: { __typename: string; code?: string; turn?: { id: string; sequence: number } };
  }>(
    url,
    `mutation($input: SendMessageInput!) { sendMessage(input: $input) { __typename ... on SendMessageSuccess { turn { id sequence } } ... on Refusal { code } } }`,
    { input: { conversationId, text, ...(clientMessageId === undefined ? {} : { clientMessageId }) } },
    token,
  );
  return sendMessage;
};
