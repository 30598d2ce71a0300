import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { WebSocket } from 'ws';

/** Somebody in a conversation, with both live streams open. */
export type Customer = {
  /** Resolves when the reply's text and audio are whole. Rejects with the signal's reason. */
  say(text: string, signal: AbortSignal): Promise<void>;
  leave(): void;
};

const subscriptions = {
  turns:
    'subscription($id: ID!) { conversationTurns(conversationId: $id) { cursor kind textDelta turn { id sequence role state } } }',
  audio:
    'subscription($id: ID!) { audioChunks(conversationId: $id) { cursor sequence url durationMs isFinal turn { sequence conversation { agent { name } } } } }',
};
const sendMessage =
  'mutation($input: SendMessageInput!) { sendMessage(input: $input) { __typename ... on SendMessageSuccess { turn { id sequence } } ... on Refusal { code } } }';

/** Comes in through the gateway, as customers do. */
export const enter = async (url: string, conversationId: string, visitorToken: string): Promise<Customer> => {
  const authorization = `Bearer ${visitorToken}`;
  const live = new WebSocket(`${url.replace(/^http/, 'ws')}/graphql`, 'graphql-transport-ws');
  await once(live, 'open');
  const send = (message: object) => live.send(JSON.stringify(message));
  send({ type: 'connection_init', payload: { authorization } });
  await once(live, 'message');
  for (const [id, query] of Object.entries(subscriptions))
    send({ id, type: 'subscribe', payload: { query, variables: { id: conversationId } } });

  const agent = new Agent({ keepAlive: true });
  const post = (body: object): Promise<void> =>
    new Promise((resolve, reject) => {
      const headers = { 'content-type': 'application/json', authorization };
      request(`${url}/graphql`, { agent, method: 'POST', headers }, (response) => response.resume().on('end', resolve))
        .on('error', reject)
        .end(JSON.stringify(body));
    });
  const replied = (signal: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      const missing = new Set(['text', 'audio']);
      const end = (settle: () => void): void => {
        live.off('message', hear);
        signal.removeEventListener('abort', stop);
        settle();
      };
      const stop = (): void => end(() => reject(signal.reason));
      const hear = (bytes: Buffer): void => {
        const frame = bytes.toString();
        if (frame.includes('"isFinal":true')) missing.delete('audio');
        if (frame.includes('"kind":"COMPLETED"') && frame.includes('"role":"AGENT"')) missing.delete('text');
        if (missing.size === 0) end(resolve);
      };
      live.on('message', hear);
      signal.addEventListener('abort', stop, { once: true });
    });
  return {
    say: async (text, signal) => {
      const variables = { input: { conversationId, text } };
      await Promise.all([replied(signal), post({ query: sendMessage, variables })]);
    },
    leave: () => {
      live.terminate();
      agent.destroy();
    },
  };
};
