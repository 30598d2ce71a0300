import { scopes } from '@parley/kernel/builder';
import { cost } from '@parley/kernel/costDirectives';
import { isUuid } from '@parley/kernel/database';
import { type Summary, summariseAgents } from '../infrastructure/summaries.ts';
import { analystDatabase, builder } from './builder.ts';
import { periodOf } from './period.ts';
import { emptySummary, groupFields } from './summary.ts';

const AgentPerformance = builder
  .objectRef<Summary>('AgentPerformance')
  .implement({ description: 'What the conversations of one agent add up to.', fields: groupFields });

/** An entity of the agent subgraph; analytics adds the numbers. */
const Agent = builder.objectRef<{ id: string }>('Agent').implement({
  fields: (t) => ({
    id: t.exposeID('id'),
    performance: t.loadable({
      type: AgentPerformance,
      nullable: true,
      description: 'of the conversations that began at or after `from` and before `to`; without them, of all',
      directives: { ...scopes('analytics:read'), ...cost(20) },
      args: { from: t.arg({ type: 'DateTime' }), to: t.arg({ type: 'DateTime' }) },
      // Two aliases may ask for two periods.
      byPath: true,
      resolve: ({ id }, args, context) => {
        analystDatabase(context);
        periodOf(args);
        return isUuid(id) ? id : null;
      },
      load: async (ids: string[], context, args) => {
        const found = await summariseAgents(analystDatabase(context), ids, periodOf(args));
        const byId = new Map(found.map((summary) => [summary.key, summary]));
        return ids.map((id) => byId.get(id) ?? emptySummary);
      },
    }),
  }),
});
builder.asEntity(Agent, {
  key: builder.selection<{ id: string }>('id'),
  resolveReference: ({ id }) => ({ id }),
});
