import { mayTouchConversation } from '@parley/kernel/actor';
import { badInput, requireActor, scopes } from '@parley/kernel/builder';
import { decodeCursor, encodeCursor } from '@parley/kernel/cursor';
import { isUuid } from '@parley/kernel/database';
import { GraphQLError } from 'graphql';
import { conversationChangeStream, turnUpdateStream } from '../infrastructure/streams.ts';
import { type TurnUpdateMessage, turnsStream } from '../infrastructure/turnUpdates.ts';
import { builder, type SalesContext } from './builder.ts';
import { Conversation } from './conversation.ts';
import { TurnUpdateKindEnum } from './enums.ts';
import { Turn } from './turn.ts';

const TurnUpdate = builder.objectRef<TurnUpdateMessage>('TurnUpdate').implement({
  fields: (t) => ({
    cursor: t.string({
      resolve: ({ conversationId, position }) => encodeCursor(turnsStream(conversationId), position),
    }),
    kind: t.expose('kind', { type: TurnUpdateKindEnum }),
    textDelta: t.exposeString('textDelta', { nullable: true, description: 'of a DELTA' }),
    turn: t.field({ type: Turn, description: 'as it was at this update', resolve: ({ turn }) => turn }),
  }),
});

/** @throws GraphQLError NOT_FOUND, the same for an unknown conversation and another organization's */
const openConversation = async (context: SalesContext, id: string) => {
  const actor = requireActor(context);
  const found =
    isUuid(id) && mayTouchConversation(actor, id)
      ? await context.db.conversation.findUnique({ where: { tenantId_id: { tenantId: actor.tenantId, id } } })
      : null;
  if (found === null) throw new GraphQLError('There is no such conversation.', { extensions: { code: 'NOT_FOUND' } });
  const { db: client, signal } = context;
  return {
    conversation: found,
    stream: { client, pubsub: context.sales.pubsub, tenantId: actor.tenantId, conversationId: found.id, signal },
  };
};

builder.subscriptionField('conversationTurns', (t) =>
  t.field({
    type: TurnUpdate,
    nullable: true,
    description:
      'Every change of every turn, in order. The DELTAs of a turn, joined, are its text. Without `after`: from now on. With `after` (a cursor from an update or Conversation.turnsCursor): what was missed first, no gap, no double. Completes after the last update of an ENDED conversation. Errors: NOT_FOUND, CURSOR_EXPIRED.',
    directives: scopes('conversations:read', 'visitor'),
    args: { conversationId: t.arg.id({ required: true }), after: t.arg.string() },
    subscribe: async (_root, { conversationId, after }, context) => {
      const { conversation, stream } = await openConversation(context, conversationId);
      const position = after == null ? conversation.updatePosition : decodeCursor(turnsStream(conversationId), after);
      if (position > conversation.updatePosition) throw badInput('after lies beyond the end of this stream.');
      return turnUpdateStream({ ...stream, after: position });
    },
    resolve: (update) => update,
  }),
);

builder.subscriptionField('conversationUpdated', (t) =>
  t.field({
    type: Conversation,
    nullable: true,
    description: 'Status, phase, outcome, handoff: each time one changes.',
    directives: scopes('conversations:read', 'visitor'),
    args: { conversationId: t.arg.id({ required: true }) },
    subscribe: async (_root, { conversationId }, context) => {
      const { conversation, stream } = await openConversation(context, conversationId);
      return conversationChangeStream({ ...stream, after: conversation.changePosition });
    },
    resolve: async (change, _args, context) => {
      const { conversation } = await openConversation(context, change.conversationId);
      return { ...conversation, status: change.status, phase: change.phase, outcome: change.outcome };
    },
  }),
);
