import { scopes } from '@parley/kernel/builder';
import { isUuid } from '@parley/kernel/database';
import { type Summary, summariseConversations } from '../infrastructure/summaries.ts';
import { analystDatabase, builder } from './builder.ts';
import { OutcomeEnum, PhaseEnum, summaryFields } from './summary.ts';

export const ConversationMetrics = builder.objectRef<Summary>('ConversationMetrics').implement({
  fields: (t) => ({
    ...summaryFields(t),
    durationMs: t.int({
      description: 'from the first event to the last so far',
      resolve: ({ firstStartedAt, lastEventAt }) => Math.min(lastEventAt.getTime() - firstStartedAt.getTime(), maxInt),
    }),
    outcome: t.field({
      type: OutcomeEnum,
      nullable: true,
      description: 'null until it has ended',
      resolve: ({ outcomes }) => (outcomes[0]?.name as (typeof OutcomeEnum)['$inferType'] | undefined) ?? null,
    }),
    phasePath: t.field({
      type: [PhaseEnum],
      description: 'each phase entered, in order; a phase returned to is there again',
      resolve: ({ phasePath }) => [...phasePath],
    }),
    asOf: t.field({
      type: 'DateTime',
      description: 'time of the newest event counted',
      resolve: ({ lastEventAt }) => lastEventAt,
    }),
  }),
});
const maxInt = 2 ** 31 - 1;

/** An entity of sales; analytics adds the numbers. Null metrics: nothing of it has been counted yet. */
const Conversation = builder.objectRef<{ id: string }>('Conversation').implement({
  fields: (t) => ({
    id: t.exposeID('id'),
    metrics: t.loadable({
      type: ConversationMetrics,
      nullable: true,
      directives: scopes('analytics:read'),
      resolve: ({ id }, _args, context) => {
        analystDatabase(context);
        return isUuid(id) ? id : null;
      },
      load: async (ids: string[], context) => {
        const found = await summariseConversations(analystDatabase(context), ids);
        const byId = new Map(found.map((summary) => [summary.key, summary]));
        return ids.map((id) => byId.get(id) ?? null);
      },
    }),
  }),
});
builder.asEntity(Conversation, {
  key: builder.selection<{ id: string }>('id'),
  resolveReference: ({ id }) => ({ id }),
});
