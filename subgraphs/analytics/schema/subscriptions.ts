import { setTimeout as delay } from 'node:timers/promises';
import { requireActor, scopes } from '@parley/kernel/builder';
import { isUuid } from '@parley/kernel/database';
import { GraphQLError } from 'graphql';
import { liveSnapshots, metricsChannel, organizationChannel } from '../infrastructure/liveMetrics.ts';
import { type Summary, summariseAll, summariseConversations } from '../infrastructure/summaries.ts';
import { type AnalyticsContext, analystDatabase, builder } from './builder.ts';
import { ConversationMetrics } from './conversation.ts';
import { OrganizationMetrics } from './organizationMetrics.ts';
import { periodOf } from './period.ts';
import { emptySummary } from './summary.ts';

/** A conversation is counted a moment after it has begun: its metrics may be asked for before that. */
const graceMs = 1500;

/** @throws GraphQLError NOT_FOUND, the same for an unknown conversation and another organization's */
const conversationSummary = async (context: AnalyticsContext, id: string): Promise<Summary> => {
  const until = Date.now() + graceMs;
  while (isUuid(id)) {
    const [summary] = await summariseConversations(context.db, [id]);
    if (summary !== undefined) return summary;
    if (Date.now() > until) break;
    await delay(100);
  }
  throw new GraphQLError('There is no such conversation.', { extensions: { code: 'NOT_FOUND' } });
};

builder.subscriptionField('metricsUpdated', (t) =>
  t.field({
    type: ConversationMetrics,
    nullable: true,
    description:
      "A conversation's metrics: as they are now, then each time they change, at most four times a second. Errors: NOT_FOUND.",
    directives: scopes('analytics:read'),
    args: { conversationId: t.arg.id({ required: true }) },
    subscribe: async (_root, { conversationId }, context) => {
      analystDatabase(context);
      await conversationSummary(context, conversationId);
      const { tenantId } = requireActor(context);
      return liveSnapshots({
        read: () => conversationSummary(context, conversationId),
        version: ({ version }) => String(version),
        listen: (onChange) => context.analytics.pubsub.subscribe(metricsChannel(tenantId, conversationId), onChange),
        everyMs: 250,
        signal: context.signal,
      });
    },
    resolve: (summary) => summary,
  }),
);

builder.subscriptionField('organizationMetricsUpdated', (t) =>
  t.field({
    type: OrganizationMetrics,
    nullable: true,
    description:
      "The organization's metrics: as they are now, then each time they change, at most once in two seconds. The period is that of organizationMetrics.",
    directives: scopes('analytics:read'),
    args: { from: t.arg({ type: 'DateTime' }), to: t.arg({ type: 'DateTime' }) },
    subscribe: async (_root, args, context) => {
      const client = analystDatabase(context);
      const period = periodOf(args);
      const { tenantId } = requireActor(context);
      return liveSnapshots({
        read: async () => (await summariseAll(client, period)) ?? emptySummary,
        version: ({ conversations, version }) => `${conversations} ${version}`,
        listen: (onChange) => context.analytics.pubsub.subscribe(organizationChannel(tenantId), onChange),
        everyMs: 2000,
        signal: context.signal,
      });
    },
    resolve: (summary) => summary,
  }),
);
