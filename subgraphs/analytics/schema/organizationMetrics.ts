import { scopes } from '@parley/kernel/builder';
import { keepFor } from '@parley/kernel/cacheDirectives';
import { cost } from '@parley/kernel/costDirectives';
import { type Summary, summariseAll } from '../infrastructure/summaries.ts';
import { analystDatabase, builder } from './builder.ts';
import { periodOf } from './period.ts';
import { emptySummary, groupFields, metricsAgeSeconds } from './summary.ts';

export const OrganizationMetrics = builder
  .objectRef<Summary>('OrganizationMetrics')
  .implement({ description: 'What the conversations of the organization add up to.', fields: groupFields });

builder.queryField('organizationMetrics', (t) =>
  t.field({
    type: OrganizationMetrics,
    nullable: true,
    description: 'of the conversations that began at or after `from` and before `to`; without them, of all',
    directives: { ...scopes('analytics:read'), ...cost(20), ...keepFor(metricsAgeSeconds) },
    args: { from: t.arg({ type: 'DateTime' }), to: t.arg({ type: 'DateTime' }) },
    resolve: async (_root, args, context) =>
      (await summariseAll(analystDatabase(context), periodOf(args))) ?? emptySummary,
  }),
);
