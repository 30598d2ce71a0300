import { mayTouchConversation } from '@parley/kernel/actor';
import { requireActor, resultTypeOf, scopes } from '@parley/kernel/builder';
import { isUuid } from '@parley/kernel/database';
import { Refusal, refusalAsValue } from '@parley/kernel/refusal';
import { interruptTurn } from '../application/interruptTurn.ts';
import { sendMessage } from '../application/sendMessage.ts';
import type { Turn as TurnRow } from '../generated/prisma/client.ts';
import { type TurnOfConversation, turnWithConversation } from '../infrastructure/turnUpdates.ts';
import { builder } from './builder.ts';
import { Conversation } from './conversation.ts';
import { TurnRoleEnum, TurnStateEnum } from './enums.ts';

type IntentShape = { name: string; confidence: number; outOfScope: boolean };
const Intent = builder.objectRef<IntentShape>('Intent').implement({
  fields: (t) => ({
    name: t.exposeString('name'),
    confidence: t.exposeFloat('confidence', { description: 'calibrated, 0..1' }),
    outOfScope: t.exposeBoolean('outOfScope'),
  }),
});

export const TurnLatency = builder.objectRef<TurnRow>('TurnLatency').implement({
  description: 'Milliseconds since the customer’s message arrived.',
  fields: (t) => ({
    timeToFirstToken: t.exposeInt('timeToFirstToken', { nullable: true }),
    timeToFirstAudio: t.exposeInt('timeToFirstAudio', { nullable: true }),
    total: t.exposeInt('totalMs', { nullable: true, description: 'until the text was whole' }),
  }),
});

export const Turn = builder.prismaObject('Turn', {
  fields: (t) => ({
    id: t.exposeID('id'),
    sequence: t.exposeInt('sequence', { description: '1, 2, 3 … gapless in a conversation' }),
    role: t.expose('role', { type: TurnRoleEnum }),
    state: t.expose('state', { type: TurnStateEnum }),
    text: t.exposeString('text', { description: 'what was generated or heard; of a STREAMING turn, the text so far' }),
    spokenText: t.exposeString('spokenText', { nullable: true, description: 'what was really played, once known' }),
    interrupted: t.boolean({ resolve: (turn) => turn.state === 'INTERRUPTED' }),
    inReplyTo: t.relation('inReplyTo', { nullable: true }),
    intent: t.field({
      type: Intent,
      nullable: true,
      description: "of a customer's turn",
      resolve: ({ intentName, intentConfidence, intentOutOfScope }) =>
        intentName === null
          ? null
          : { name: intentName, confidence: intentConfidence ?? 0, outOfScope: intentOutOfScope ?? false },
    }),
    sentiment: t.exposeFloat('sentiment', { nullable: true, description: "of a customer's turn, -1..1" }),
    objection: t.exposeString('objection', { nullable: true, description: "raised in a customer's turn, e.g. PRICE" }),
    latency: t.field({
      type: TurnLatency,
      nullable: true,
      description: "of an agent's turn",
      resolve: (turn) => (turn.role === 'AGENT' ? turn : null),
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime' }),
    conversation: t.field({
      type: Conversation,
      resolve: (turn: TurnOfConversation, _args, { db }) =>
        turn.conversation ??
        db.conversation.findUniqueOrThrow({
          where: { tenantId_id: { tenantId: turn.tenantId, id: turn.conversationId } },
        }),
    }),
  }),
});

builder.asEntity(Turn, {
  key: builder.selection<{ id: string }>('id'),
  resolveReference: async ({ id }, context) => {
    const actor = requireActor(context);
    if (!isUuid(id)) return null;
    const turn = await turnWithConversation(context.sales.database.sql(actor.tenantId), id);
    return turn !== null && mayTouchConversation(actor, turn.conversationId) ? turn : null;
  },
});

const successWithTurn = (name: string) =>
  builder.objectRef<{ turn: TurnOfConversation }>(name).implement({
    fields: (t) => ({ turn: t.field({ type: Turn, resolve: ({ turn }) => turn }) }),
  });

const SendMessageInput = builder.inputType('SendMessageInput', {
  fields: (t) => ({
    conversationId: t.id({ required: true }),
    text: t.string({
      required: true,
      description: '1 to 8,000 bytes of UTF-8; no control characters but tab and line breaks',
    }),
    clientMessageId: t.string({ description: 'repeat it to retry safely: the same id never makes a second turn' }),
  }),
});
const SendMessageResult = builder.unionType('SendMessageResult', {
  types: [successWithTurn('SendMessageSuccess'), Refusal],
  resolveType: resultTypeOf('SendMessageSuccess'),
});

builder.mutationField('sendMessage', (t) =>
  t.field({
    type: SendMessageResult,
    nullable: true,
    description:
      "Answers once the customer's turn is stored; the reply streams through conversationTurns and audioChunks.",
    directives: scopes('conversations:write', 'visitor'),
    args: { input: t.arg({ type: SendMessageInput, required: true }) },
    resolve: (_root, { input }, context) =>
      refusalAsValue(async () => ({
        turn: await sendMessage(context.sales, requireActor(context), {
          ...input,
          clientMessageId: input.clientMessageId ?? null,
        }),
      })),
  }),
);

const InterruptTurnInput = builder.inputType('InterruptTurnInput', {
  fields: (t) => ({
    turnId: t.id({ required: true }),
    playedMs: t.int({ required: true, description: "milliseconds of the turn's audio that were really played" }),
  }),
});
const InterruptTurnResult = builder.unionType('InterruptTurnResult', {
  types: [successWithTurn('InterruptTurnSuccess'), Refusal],
  resolveType: resultTypeOf('InterruptTurnSuccess'),
});

builder.mutationField('interruptTurn', (t) =>
  t.field({
    type: InterruptTurnResult,
    nullable: true,
    description: 'Accepted for the latest AGENT turn until its audio has played out; INTERRUPTED may follow COMPLETED.',
    directives: scopes('conversations:write', 'visitor'),
    args: { input: t.arg({ type: InterruptTurnInput, required: true }) },
    resolve: (_root, { input }, context) =>
      refusalAsValue(async () => {
        return { turn: await interruptTurn(context.sales, requireActor(context), input) };
      }),
  }),
);
