import { subgraphSchemaOptions } from '@parley/kernel/builder';
import { cacheSchemaOptions } from '@parley/kernel/cacheDirectives';
import './agent.ts';
import './conversation.ts';
import './metricSeries.ts';
import './organizationMetrics.ts';
import './subscriptions.ts';
import { builder } from './builder.ts';

export const schema = builder.toSubGraphSchema({ ...subgraphSchemaOptions, ...cacheSchemaOptions });
