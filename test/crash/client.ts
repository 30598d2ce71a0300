import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from 'graphql-ws';
import { post, socket } from '../testkit/graphql.ts';
import type { ClientLog, SeenChunk, SeenUpdate } from './checker.ts';

/** What a client does or sees, told to whoever wants to strike at that moment. */
export type Moment =
  | 'send'
  | 'acknowledged'
  | 'started'
  | 'delta'
  | 'completed'
  | 'audio'
  | 'final audio'
  | 'interrupt'
  | 'end';

/** One customer in one conversation, holding on through every disconnect. */
export type CrashClient = {
  readonly log: ClientLog;
  /** Sends messages until told to stop, then ends the conversation and waits for its streams to complete. */
  run(stopping: () => boolean): Promise<void>;
  /** Closes everything, also when it did not get to its end. */
  close(): void;
};

const send = `mutation($input: SendMessageInput!) { sendMessage(input: $input) { __typename
  ... on SendMessageSuccess { turn { id sequence } } ... on Refusal { code message } } }`;
const interrupt = `mutation($input: InterruptTurnInput!) { interruptTurn(input: $input) { __typename ... on Refusal { code message } } }`;
const end = `mutation($input: EndConversationInput!) { endConversation(input: $input) { __typename ... on Refusal { code } } }`;
const turns = `subscription($id: ID!, $after: String) { conversationTurns(conversationId: $id, after: $after) {
  cursor kind textDelta turn { id role text } } }`;
const audio = `subscription($id: ID!, $after: String) { audioChunks(conversationId: $id, after: $after) {
  id cursor sequence isFinal turn { id } } }`;

const questions = [
  'How much is the Pro plan?',
  'What does Starter include?',
  'Where is my data stored?',
  'That is too expensive for us.',
  'Can I cancel at the end of a month? And is my data encrypted?',
  'We also look at another vendor. Why should we choose you?',
  'Tell me about phone support, please.',
];

/** How long a call may take: whoever does not answer by then may be gone without a word. */
const patienceMs = 10_000;

export const crashClient = (options: {
  /** Where to go next: asked for each call and each connection. */
  url: () => string;
  conversationId: string;
  turnsCursor: string;
  token: string;
  random: () => number;
  onMoment: (moment: Moment) => void;
  /** The longest rest between two messages. */
  restMs?: number;
}): CrashClient => {
  const { url, conversationId, token, random, onMoment, restMs = 150 } = options;
  const acknowledged: { clientMessageId: string; text: string; turnId: string; sequence: number }[] = [];
  const updates: SeenUpdate[] = [];
  const chunks: SeenChunk[] = [];
  const cuts: { updates: number; chunks: number }[] = [];
  const open = { turns: true, audio: true };
  let closed = false;
  let client: Client | undefined;
  const roles = new Map<string, string>();

  /** Follows one stream over as many connections as it takes, always from the last cursor. */
  const follow = async <T>(
    query: string,
    cursor: () => string | null,
    next: (item: T) => void,
    connection: () => Client,
  ): Promise<void> => {
    while (!closed) {
      const completed = await new Promise<boolean>((resolve) => {
        connection().subscribe<Record<string, T>>(
          { query, variables: { id: conversationId, after: cursor() } },
          {
            next: ({ data, errors }) => {
              if (errors?.length) throw new Error(`a live answer with errors: ${JSON.stringify(errors)}`);
              for (const item of Object.values(data ?? {})) next(item);
            },
            error: (error) => {
              // The server's own refusal would come for ever; a broken socket will not.
              if (Array.isArray(error) && !isPassing(error)) refusals.push(JSON.stringify(error));
              resolve(false);
            },
            complete: () => resolve(true),
          },
        );
      });
      if (completed) return;
      await delay(50);
    }
  };
  const refusals: string[] = [];
  const connect = () => {
    if (client === undefined) {
      const connection = socket(url(), token, { keepAliveMs: 2000 });
      let connected = false;
      connection.on('connected', () => {
        connected = true;
      });
      connection.on('closed', () => {
        if (client !== connection) return;
        client = undefined;
        if (connected) cuts.push({ updates: updates.length, chunks: chunks.length });
      });
      client = connection;
    }
    return client;
  };

  const follows = Promise.all([
    follow<{
      cursor: string;
      kind: string;
      textDelta: string | null;
      turn: { id: string; role: string; text: string };
    }>(
      turns,
      () => updates.at(-1)?.cursor ?? options.turnsCursor,
      ({ cursor, kind, textDelta, turn }) => {
        updates.push({ cursor, kind, textDelta, turnId: turn.id, text: turn.text });
        roles.set(turn.id, turn.role);
        if (turn.role === 'AGENT' && (kind === 'STARTED' || kind === 'DELTA' || kind === 'COMPLETED'))
          onMoment(kind.toLowerCase() as Moment);
      },
      connect,
    ).then(() => {
      open.turns = false;
    }),
    follow<{ id: string; cursor: string; sequence: number; isFinal: boolean; turn: { id: string } }>(
      audio,
      () => chunks.at(-1)?.cursor ?? null,
      ({ turn, ...chunk }) => {
        chunks.push({ ...chunk, turnId: turn.id });
        onMoment(chunk.isFinal ? 'final audio' : 'audio');
      },
      connect,
    ).then(() => {
      open.audio = false;
    }),
  ]);

  /** Asks until there is an answer: the server may be away, or die before it has answered. */
  const insist = async <T>(query: string, input: object): Promise<T> => {
    while (!closed) {
      const answer = await post(url(), query, { input }, token, AbortSignal.timeout(patienceMs)).catch(() => null);
      const value = Object.values(answer?.data ?? {})[0];
      if (value !== null && value !== undefined) return value as T;
      await delay(40);
    }
    throw new Error('closed');
  };
  const say = async (text: string) => {
    const clientMessageId = randomUUID();
    onMoment('send');
    const { turn, code } = await insist<{ turn?: { id: string; sequence: number }; code?: string }>(send, {
      conversationId,
      text,
      clientMessageId,
    });
    if (turn === undefined) throw new Error(`a message was refused: ${code}`);
    acknowledged.push({ clientMessageId, text, turnId: turn.id, sequence: turn.sequence });
    onMoment('acknowledged');
  };
  const until = async (test: () => boolean) => {
    while (!closed && !test()) {
      if (refusals.length > 0) throw new Error(`a stream was refused: ${refusals[0]}`);
      await delay(5);
    }
  };
  /** Replies whose text is whole. */
  const replied = () =>
    new Set(
      updates
        .filter(({ kind, turnId }) => roles.get(turnId) === 'AGENT' && /COMPLETED|INTERRUPTED/.test(kind))
        .map(({ turnId }) => turnId),
    );

  return {
    get log() {
      return { conversationId, acknowledged, updates, chunks, cuts, streamsCompleted: !open.turns && !open.audio };
    },
    run: async (stopping) => {
      // The first exchange is listened to from before its start: from then on there is a cursor to go on from.
      await delay(400);
      while (!stopping()) {
        const before = chunks.filter(({ isFinal }) => isFinal).length;
        await say(questions[Math.floor(random() * questions.length)] ?? '');
        if (random() < 0.2) await say('And one more thing: what is included?');
        if (random() < 0.2) {
          const known = updates.length;
          await until(
            () =>
              updates.slice(known).some(({ kind, turnId }) => kind === 'DELTA' && roles.get(turnId) === 'AGENT') ||
              replied().size >= acknowledged.length,
          );
          const turnId = updates.findLast((update) => roles.get(update.turnId) === 'AGENT')?.turnId ?? '';
          onMoment('interrupt');
          await insist(interrupt, { turnId, playedMs: Math.floor(random() * 1500) });
        }
        await until(() => replied().size >= acknowledged.length);
        // Some listen to the end, some talk on at once.
        if (random() < 0.6) {
          const patience = Date.now() + 1500;
          await until(() => chunks.filter(({ isFinal }) => isFinal).length > before || Date.now() > patience);
        }
        await delay(random() * restMs);
      }
      await until(() => replied().size >= acknowledged.length);
      onMoment('end');
      await insist(end, { conversationId, outcome: 'FOLLOW_UP_SCHEDULED' });
      await follows;
    },
    close: () => {
      closed = true;
      void client?.dispose();
    },
  };
};

const isPassing = (errors: readonly unknown[]): boolean =>
  errors.every((error) => {
    const code = (error as { extensions?: { code?: string } }).extensions?.code ?? '';
    return ['SUBGRAPH_UNAVAILABLE', 'UPSTREAM_TIMEOUT', 'INTERNAL_SERVER_ERROR', 'SERVICE_UNAVAILABLE'].includes(code);
  });
