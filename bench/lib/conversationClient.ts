import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { WebSocket } from 'ws';

/** What customers of a benchmark ask. */
export const questions = [
  'How much is the Pro plan?',
  'What does Starter include?',
  'Where is my data stored?',
  'That is too expensive.',
  'Can I cancel?',
];

/** When a customer saw what, in milliseconds from the moment `sendMessage` was written. */
export type Marks = { stored: number; firstDelta: number; firstAudio: number; completed: number; spoken: number };

/**
 * One customer: a WebSocket with the conversation's two live streams, and a connection for messages. It does no more
 * with what it hears than a look for the words that matter, because it runs on the cores it measures.
 */
export type ConversationClient = {
  /** Sends one message and waits for the whole reply, text and audio. */
  exchange(text: string): Promise<Marks>;
  close(): void;
};

const subscriptions = {
  turns:
    'subscription($id: ID!) { conversationTurns(conversationId: $id) { cursor kind textDelta turn { id sequence role state } } }',
  audio:
    'subscription($id: ID!) { audioChunks(conversationId: $id) { cursor sequence url durationMs isFinal turn { sequence conversation { agent { name } } } } }',
};
const mutation =
  'mutation($input: SendMessageInput!) { sendMessage(input: $input) { __typename ... on SendMessageSuccess { turn { id sequence } } ... on Refusal { code } } }';
const patienceMs = 30_000;
/** A connection that was idle for longer is not trusted: servers close it after five seconds. */
const idleMs = 3000;

export const openConversationClient = async (
  url: string,
  conversationId: string,
  token: string,
): Promise<ConversationClient> => {
  const { host, hostname, port } = new URL(url);
  const live = new WebSocket(`ws://${host}/graphql`, 'graphql-transport-ws', { perMessageDeflate: false });
  await once(live, 'open');
  let messages: Socket | null = null;
  let usedAt = 0;
  const openMessages = async (): Promise<Socket> => {
    if (messages === null || performance.now() - usedAt > idleMs) {
      messages?.destroy();
      messages = connect({ host: hostname, port: Number(port), noDelay: true });
      await once(messages, 'connect');
    }
    return messages;
  };
  const send = (message: object) => live.send(JSON.stringify(message));
  let heard = (_text: string): void => {};
  live.on('message', (frame: Buffer) => heard(frame.toString('latin1')));
  const acknowledged = new Promise<void>((resolve) => {
    heard = (text) => text.includes('connection_ack') && resolve();
  });
  send({ type: 'connection_init', payload: { authorization: `Bearer ${token}` } });
  await acknowledged;
  for (const [id, query] of Object.entries(subscriptions))
    send({ id, type: 'subscribe', payload: { query, variables: { id: conversationId } } });

  const requestOf = (text: string): string => {
    const body = JSON.stringify({ query: mutation, variables: { input: { conversationId, text } } });
    return `POST /graphql HTTP/1.1\r\nhost: ${host}\r\nauthorization: Bearer ${token}\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
  };
  return {
    exchange: async (text) => {
      const socket = await openMessages();
      return new Promise((resolve, reject) => {
        const marks: Marks = { stored: 0, firstDelta: 0, firstAudio: 0, completed: 0, spoken: 0 };
        const timer = setTimeout(
          () => reject(new Error(`no whole reply within ${patienceMs} ms: ${JSON.stringify(marks)}`)),
          patienceMs,
        );
        let missing = Object.keys(marks).length;
        const mark = (name: keyof Marks): void => {
          if (marks[name] !== 0) return;
          marks[name] = performance.now() - sent;
          missing -= 1;
          if (missing > 0) return;
          clearTimeout(timer);
          usedAt = performance.now();
          resolve(marks);
        };
        heard = (frame) => {
          if (!frame.includes('"type":"next"') || frame.includes('"errors"')) reject(new Error(frame));
          else if (frame.includes('"audioChunks"')) {
            mark('firstAudio');
            if (frame.includes('"isFinal":true')) mark('spoken');
          } else if (frame.includes('"role":"AGENT"')) {
            if (frame.includes('"kind":"DELTA"')) mark('firstDelta');
            if (frame.includes('"kind":"COMPLETED"')) mark('completed');
          }
        };
        void storedAnswer(socket).then(() => mark('stored'), reject);
        const request = requestOf(text);
        const sent = performance.now();
        socket.write(request);
      });
    },
    close: () => {
      live.terminate();
      messages?.destroy();
    },
  };
};

/** The answer to a message that says it was stored. */
const storedAnswer = (socket: Socket): Promise<void> =>
  new Promise((resolve, reject) => {
    let text = '';
    const onData = (bytes: Buffer): void => {
      text += bytes.toString('latin1');
      const head = text.indexOf('\r\n\r\n');
      const length = /\r\ncontent-length: (\d+)/i.exec(text)?.[1];
      if (head === -1 || text.length < head + 4 + Number(length ?? 0)) return;
      socket.off('data', onData);
      if (text.startsWith('HTTP/1.1 200') && text.includes('SendMessageSuccess')) resolve();
      else reject(new Error(text));
    };
    socket.on('data', onData);
  });
