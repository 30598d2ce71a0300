import { badInput } from '@parley/kernel/builder';
import { isUuid } from '@parley/kernel/database';
import { GraphQLError } from 'graphql';
import { composeOnce } from '../application/composeOnce.ts';
import { partsOf, type ReplyPart } from '../application/replyParts.ts';
import { builder } from './builder.ts';
import { ConversationPhaseEnum } from './conversationPhase.ts';

// Called by sales only, and not part of the public schema.
const inaccessible = true;

const ReplyHistoryInput = builder.inputType('ReplyHistoryInput', {
  inaccessible,
  fields: (t) => ({
    role: t.string({ required: true, description: 'a TurnRole' }),
    text: t.string({ required: true }),
  }),
});
const ReplyInput = builder.inputType('ReplyInput', {
  inaccessible,
  fields: (t) => ({
    conversationId: t.id({ required: true }),
    inReplyTo: t.id({ required: true, description: "the customer's turn" }),
    turnId: t.id({ required: true, description: "the reply's turn" }),
    agentId: t.id({ required: true }),
    locale: t.string({ required: true }),
    phase: t.field({ type: ConversationPhaseEnum, required: true }),
    message: t.string({ required: true }),
    history: t.field({ type: [ReplyHistoryInput], required: true, description: 'earlier turns, oldest first' }),
    discloseAi: t.boolean({ required: true }),
  }),
});
const ReplyIntent = builder
  .objectRef<{ name: string; confidence: number; outOfScope: boolean }>('ReplyIntent')
  .implement({
    inaccessible,
    fields: (t) => ({
      name: t.exposeString('name'),
      confidence: t.exposeFloat('confidence'),
      outOfScope: t.exposeBoolean('outOfScope'),
    }),
  });
const ReplyPartKind = builder.enumType('ReplyPartKind', {
  inaccessible,
  values: ['UNDERSTOOD', 'DELTA', 'COMPLETED'] as const,
});
const ReplyPartType = builder.objectRef<ReplyPart>('ReplyPart').implement({
  inaccessible,
  fields: (t) => ({
    kind: t.field({ type: ReplyPartKind, resolve: ({ kind }) => kind }),
    text: t.string({
      nullable: true,
      description: 'of a DELTA',
      resolve: (part) => (part.kind === 'DELTA' ? part.text : null),
    }),
    intent: t.field({
      type: ReplyIntent,
      nullable: true,
      resolve: (part) => (part.kind === 'UNDERSTOOD' ? part.intent : null),
    }),
    sentiment: t.float({ nullable: true, resolve: (part) => (part.kind === 'UNDERSTOOD' ? part.sentiment : null) }),
    voiceId: t.id({
      nullable: true,
      description: "of an UNDERSTOOD; null: chosen by the conversation's locale",
      resolve: (part) => (part.kind === 'UNDERSTOOD' ? part.voiceId : null),
    }),
    objection: t.string({ nullable: true, resolve: (part) => (part.kind === 'UNDERSTOOD' ? part.objection : null) }),
    phase: t.field({
      type: ConversationPhaseEnum,
      nullable: true,
      resolve: (part) => (part.kind === 'UNDERSTOOD' ? part.phase : null),
    }),
  }),
});

/** Items that are all there already; `return` ends it at once. */
const streamOf = <T>(items: readonly T[]): AsyncIterableIterator<T> => {
  let at = 0;
  const stream: AsyncIterableIterator<T> = {
    [Symbol.asyncIterator]: () => stream,
    next: async () => (at < items.length ? { value: items[at++] as T, done: false } : { value: undefined, done: true }),
    return: async () => {
      at = items.length;
      return { value: undefined, done: true };
    },
  };
  return stream;
};

builder.subscriptionField('replyParts', (t) =>
  t.field({
    type: ReplyPartType,
    nullable: true,
    inaccessible,
    description:
      'The reply to a customer’s turn: UNDERSTOOD, DELTAs, COMPLETED. Asked again for the same turn it is the same text. Errors: NOT_FOUND.',
    args: { input: t.arg({ type: ReplyInput, required: true }) },
    subscribe: async (_root, { input }, context) => {
      const { actor } = context;
      if (actor?.kind !== 'SERVICE') throw new GraphQLError('Not for callers.', { extensions: { code: 'FORBIDDEN' } });
      for (const field of ['conversationId', 'inReplyTo', 'turnId', 'agentId'] as const) {
        if (!isUuid(input[field])) throw badInput(`${field} is not an id.`);
      }
      const composed = await composeOnce(context.parts, { actor, signal: context.signal }, input).catch(
        (error: unknown) => {
          throw context.signal?.aborted ? new GraphQLError('Given up.', { extensions: { code: 'CANCELLED' } }) : error;
        },
      );
      if (composed === null) throw new GraphQLError('There is no such agent.', { extensions: { code: 'NOT_FOUND' } });
      return streamOf(partsOf(composed.trace, composed.voiceId));
    },
    resolve: (part) => part,
  }),
);
