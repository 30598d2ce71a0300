import type { EventBus } from '@parley/kernel/bus';
import { startConsumer } from '@parley/kernel/consumer';
import type { Pool } from '@parley/kernel/database';
import { openDeadLetters } from '@parley/kernel/deadLetters';
import { inProcessSubgraph } from '@parley/kernel/inProcessSubgraph';
import type { Log } from '@parley/kernel/log';
import type { PubSub } from '@parley/kernel/pubsub';
import type { Subgraph } from '@parley/kernel/subgraph';
import { salesTopic, salesUpcasters } from '@parley/sales/events';
import type { Analytics } from './application/analytics.ts';
import { onSalesEvent } from './application/onSalesEvent.ts';
import { rebuild } from './application/rebuild.ts';
import { openAnalyticsDatabase } from './infrastructure/database.ts';
import type { AnalyticsContext } from './schema/builder.ts';
import { schema } from './schema/index.ts';

export type AnalyticsOptions = {
  readonly pool: Pool;
  readonly bus: EventBus;
  readonly pubsub: PubSub;
  readonly log: Log;
  readonly clock: () => Date;
};
export type AnalyticsServer = {
  readonly subgraph: Subgraph;
  /** Makes the numbers of one organization, or of all, again from the events received. @returns conversations written */
  rebuild(tenantId?: string): Promise<number>;
  stop(): Promise<void>;
};

/** Resolves once events are being received. Start it before those who publish: what an in-process bus delivers to nobody is gone. */
export const startAnalytics = async (options: AnalyticsOptions): Promise<AnalyticsServer> => {
  const { pool, bus, ...parts } = options;
  const database = openAnalyticsDatabase(pool);
  const analytics: Analytics = { database, ...parts };
  const stopConsuming = await startConsumer({
    bus,
    group: 'analytics',
    topic: salesTopic,
    react: (event) => onSalesEvent(analytics, event),
    upcasters: salesUpcasters,
    letters: openDeadLetters(pool, 'analytics'),
    log: options.log,
  });
  const subgraph = inProcessSubgraph<AnalyticsContext>({
    name: 'analytics',
    schema,
    log: options.log,
    context: ({ actor, requestId, signal }) => ({
      actor,
      requestId,
      signal,
      analytics,
      get db() {
        return database.forTenant(actor?.tenantId ?? '');
      },
    }),
  });
  return {
    subgraph,
    rebuild: (tenantId) => rebuild(analytics, tenantId),
    stop: async () => {
      await stopConsuming();
      await database.close();
    },
  };
};
