import type { PubSub } from '@parley/kernel/pubsub';
import { resumableStream } from '@parley/kernel/resumableStream';
import { type ConversationChangeMessage, changesChannel } from './conversations.ts';
import type { Client } from './database.ts';
import { readTurnUpdates, type TurnUpdateMessage, turnsChannel } from './turnUpdates.ts';

type Stream = {
  client: Client;
  pubsub: PubSub;
  tenantId: string;
  conversationId: string;
  after: number;
  signal: AbortSignal | undefined;
};

/** Every change of every turn after a position, then live; completes after the last one of an ended conversation. */
export const turnUpdateStream = ({ client, pubsub, tenantId, conversationId, after, signal }: Stream) =>
  resumableStream<TurnUpdateMessage>({
    after,
    signal,
    read: (last) => readTurnUpdates(client, tenantId, conversationId, last),
    listen: (onMessage) =>
      pubsub.subscribe(turnsChannel(tenantId, conversationId), (message) =>
        onMessage(message === null ? null : revive(message as TurnUpdateMessage)),
      ),
  });

/** Each change of status, phase or outcome after a position, then live; completes when the conversation has ended. */
export const conversationChangeStream = ({ client, pubsub, tenantId, conversationId, after, signal }: Stream) =>
  resumableStream<ConversationChangeMessage>({
    after,
    signal,
    read: async (last) => {
      const conversation = await client.conversation.findUniqueOrThrow({
        where: { tenantId_id: { tenantId, id: conversationId } },
        select: { status: true, pendingReplies: true, changePosition: true },
      });
      const items = await client.conversationChange.findMany({
        where: { conversationId, position: { gt: last } },
        orderBy: { position: 'asc' },
        take: 200,
        omit: { tenantId: true },
      });
      const seen = items.at(-1)?.position ?? last;
      const ended = conversation.status === 'ENDED' && conversation.pendingReplies === 0;
      return { items, more: items.length === 200, complete: ended && seen >= conversation.changePosition };
    },
    listen: (onMessage) =>
      pubsub.subscribe(changesChannel(tenantId, conversationId), (message) =>
        onMessage(message as ConversationChangeMessage | null),
      ),
  });

/** Through Redis a date arrives as text. */
const revive = (message: TurnUpdateMessage): TurnUpdateMessage => {
  const { conversation, ...turn } = message.turn;
  return {
    ...message,
    turn: {
      ...turn,
      createdAt: new Date(turn.createdAt),
      completedAt: dateOrNull(turn.completedAt),
      ...(conversation === undefined
        ? {}
        : {
            conversation: {
              ...conversation,
              createdAt: new Date(conversation.createdAt),
              endedAt: dateOrNull(conversation.endedAt),
            },
          }),
    },
  };
};
const dateOrNull = (date: Date | null) => (date === null ? null : new Date(date));
