import { requireActor, scopes } from '@parley/kernel/builder';
import { listOf } from '@parley/kernel/costDirectives';
import { isUuid } from '@parley/kernel/database';
import type { ReplyTrace as ReplyTraceRow } from '../generated/prisma/client.ts';
import type { StoredCitation } from '../infrastructure/replyTraces.ts';
import { builder } from './builder.ts';
import { ConversationPhaseEnum } from './conversationPhase.ts';

const Citation = builder.objectRef<StoredCitation>('Citation').implement({
  description: 'A passage that a reply rests on, as it read at that moment.',
  fields: (t) => ({
    document: t.prismaField({
      type: 'KnowledgeDocument',
      nullable: true,
      description: 'null once it was removed',
      directives: scopes('knowledge:read'),
      resolve: async (query, { documentId: id }, _args, context) =>
        context.db.knowledgeDocument.findUnique({
          ...query,
          where: { tenantId_id: { tenantId: requireActor(context).tenantId, id } },
        }),
    }),
    documentTitle: t.exposeString('documentTitle'),
    text: t.exposeString('text'),
    score: t.exposeFloat('score'),
  }),
});

const ReplyTrace = builder.objectRef<Omit<ReplyTraceRow, 'text'>>('ReplyTrace').implement({
  description: 'How a reply came about.',
  fields: (t) => ({
    strategy: t.exposeString('strategy'),
    model: t.exposeString('model'),
    language: t.exposeString('language', { description: 'what it was answered in (ISO 639-1)' }),
    intentName: t.exposeString('intentName', { description: 'what the customer was understood to want' }),
    intentConfidence: t.exposeFloat('intentConfidence', { description: 'calibrated, 0..1' }),
    outOfScope: t.exposeBoolean('intentOutOfScope'),
    sentiment: t.exposeFloat('sentiment', { description: '-1..1' }),
    objection: t.exposeString('objection', { nullable: true }),
    phase: t.expose('phase', { type: ConversationPhaseEnum, description: 'the conversation’s, from this reply on' }),
    citations: t.field({
      type: [Citation],
      directives: listOf(5),
      resolve: ({ citations }) => citations as StoredCitation[],
    }),
    inputTokens: t.exposeInt('inputTokens'),
    outputTokens: t.exposeInt('outputTokens'),
    understandMs: t.exposeInt('understandMs', { description: 'until the customer’s words were understood' }),
    composeMs: t.exposeInt('composeMs', { description: 'until the whole reply was composed' }),
  }),
});

/** An entity of sales; agent adds how its reply came about. */
const Turn = builder.objectRef<{ id: string }>('Turn').implement({
  fields: (t) => ({
    id: t.exposeID('id'),
    reply: t.loadable({
      type: ReplyTrace,
      nullable: true,
      description: "of an agent's turn",
      directives: scopes('conversations:read'),
      load: async (ids: string[], context) => {
        const traces = await context.db.replyTrace.findMany({
          omit: { text: true },
          where: { turnId: { in: ids.filter(isUuid) } },
        });
        const byTurn = new Map(traces.map((trace) => [trace.turnId, trace]));
        return ids.map((id) => byTurn.get(id) ?? null);
      },
      resolve: ({ id }) => id,
    }),
  }),
});
builder.asEntity(Turn, {
  key: builder.selection<{ id: string }>('id'),
  resolveReference: ({ id }) => ({ id }),
});
