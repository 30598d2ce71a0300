import { mayTouchConversation } from '@parley/kernel/actor';
import { requireActor, resultTypeOf, scopes } from '@parley/kernel/builder';
import { page } from '@parley/kernel/costDirectives';
import { encodeCursor } from '@parley/kernel/cursor';
import { isUuid } from '@parley/kernel/database';
import { pageOf } from '@parley/kernel/page';
import { Refusal, refusalAsValue } from '@parley/kernel/refusal';
import { endConversation } from '../application/endConversation.ts';
import { startConversation } from '../application/startConversation.ts';
import { turnsStream } from '../infrastructure/turnUpdates.ts';
import { Agent } from './agent.ts';
import { builder } from './builder.ts';
import { ChannelEnum, OutcomeEnum, PhaseEnum, StatusEnum } from './enums.ts';

export const Conversation = builder.prismaObject('Conversation', {
  fields: (t) => ({
    id: t.exposeID('id'),
    status: t.expose('status', { type: StatusEnum }),
    phase: t.expose('phase', { type: PhaseEnum }),
    channel: t.expose('channel', { type: ChannelEnum }),
    locale: t.exposeString('locale', { description: 'BCP 47' }),
    outcome: t.expose('outcome', { type: OutcomeEnum, nullable: true }),
    createdAt: t.expose('createdAt', { type: 'DateTime' }),
    endedAt: t.expose('endedAt', { type: 'DateTime', nullable: true }),
    agent: t.field({
      type: Agent,
      nullable: true,
      resolve: ({ agentId }) => ({ id: agentId }),
    }),
    turnsCursor: t.string({
      description: 'as of this answer; subscribe with it to go on from here',
      resolve: ({ id, updatePosition }) => encodeCursor(turnsStream(id), updatePosition),
    }),
  }),
});

builder.asEntity(Conversation, {
  key: builder.selection<{ id: string }>('id'),
  resolveReference: async ({ id }, context) => {
    const actor = requireActor(context);
    if (!isUuid(id) || !mayTouchConversation(actor, id)) return null;
    return context.db.conversation.findUnique({ where: { tenantId_id: { tenantId: actor.tenantId, id } } });
  },
});

builder.queryField('conversation', (t) =>
  t.prismaField({
    type: 'Conversation',
    nullable: true,
    directives: scopes('conversations:read', 'visitor'),
    args: { id: t.arg.id({ required: true }) },
    resolve: async (query, _root, { id }, context) => {
      const actor = requireActor(context);
      if (!isUuid(id) || !mayTouchConversation(actor, id)) return null;
      return context.db.conversation.findUnique({ ...query, where: { tenantId_id: { tenantId: actor.tenantId, id } } });
    },
  }),
);

const ConversationConnection = builder.connectionObject(
  { type: Conversation, name: 'ConversationConnection' },
  { name: 'ConversationEdge' },
);
builder.queryField('conversations', (t) =>
  t.field({
    type: ConversationConnection,
    nullable: true,
    description: 'Newest first.',
    directives: { ...scopes('conversations:read'), ...page },
    args: { first: t.arg.int({ required: true, defaultValue: 20 }), after: t.arg.string() },
    resolve: (_root, args, context) => {
      requireActor(context);
      return pageOf(args, (window) => context.db.conversation.findMany(window));
    },
  }),
);

type ConversationId = { conversationId: string; visitorToken: string };
const StartConversationSuccess = builder.objectRef<ConversationId>('StartConversationSuccess').implement({
  fields: (t) => ({
    conversation: t.prismaField({
      type: 'Conversation',
      resolve: (query, { conversationId }, _args, context) =>
        context.db.conversation.findUniqueOrThrow({
          ...query,
          where: { tenantId_id: { tenantId: requireActor(context).tenantId, id: conversationId } },
        }),
    }),
    visitorToken: t.exposeString('visitorToken', {
      description: "what a visitor's browser holds: this conversation and nothing else, 1 hour",
    }),
  }),
});
const ContactInput = builder.inputType('ContactInput', {
  fields: (t) => ({ name: t.string(), email: t.string(), phone: t.string() }),
});
const ConsentInput = builder.inputType('ConsentInput', {
  fields: (t) => ({ recording: t.boolean({ required: true }), aiDisclosureAccepted: t.boolean({ required: true }) }),
});
const StartConversationInput = builder.inputType('StartConversationInput', {
  description: 'consent is required on PHONE; nothing is recorded without consent.recording',
  fields: (t) => ({
    agentId: t.id({ required: true }),
    channel: t.field({ type: ChannelEnum, required: true }),
    locale: t.string({ description: "BCP 47; the agent's own when left out" }),
    contact: t.field({ type: ContactInput }),
    consent: t.field({ type: ConsentInput }),
  }),
});

builder.mutationField('startConversation', (t) =>
  t.field({
    type: builder.unionType('StartConversationResult', {
      types: [StartConversationSuccess, Refusal],
      resolveType: resultTypeOf('StartConversationSuccess'),
    }),
    nullable: true,
    directives: scopes('conversations:write'),
    args: { input: t.arg({ type: StartConversationInput, required: true }) },
    resolve: (_root, { input }, context) =>
      refusalAsValue(() =>
        startConversation(context.sales, requireActor(context), {
          ...input,
          locale: input.locale ?? null,
          contact: input.contact ?? null,
          consent: input.consent ?? null,
        }),
      ),
  }),
);

const EndConversationSuccess = builder.objectRef<{ conversationId: string }>('EndConversationSuccess').implement({
  fields: (t) => ({
    conversation: t.prismaField({
      type: 'Conversation',
      resolve: (query, { conversationId }, _args, context) =>
        context.db.conversation.findUniqueOrThrow({
          ...query,
          where: { tenantId_id: { tenantId: requireActor(context).tenantId, id: conversationId } },
        }),
    }),
  }),
});
const EndConversationInput = builder.inputType('EndConversationInput', {
  fields: (t) => ({
    conversationId: t.id({ required: true }),
    outcome: t.field({ type: OutcomeEnum, required: true }),
  }),
});

builder.mutationField('endConversation', (t) =>
  t.field({
    type: builder.unionType('EndConversationResult', {
      types: [EndConversationSuccess, Refusal],
      resolveType: resultTypeOf('EndConversationSuccess'),
    }),
    nullable: true,
    directives: scopes('conversations:write', 'visitor'),
    args: { input: t.arg({ type: EndConversationInput, required: true }) },
    resolve: (_root, { input }, context) =>
      refusalAsValue(async () => {
        await endConversation(context.sales, requireActor(context), input);
        return { conversationId: input.conversationId };
      }),
  }),
);
