import type { EventBus } from '@parley/kernel/bus';
import type { Pool } from '@parley/kernel/database';
import { uuidv7 } from '@parley/kernel/id';
import { inProcessSubgraph } from '@parley/kernel/inProcessSubgraph';
import type { MasterKey } from '@parley/kernel/keyFile';
import type { Log } from '@parley/kernel/log';
import { startOutboxRelay } from '@parley/kernel/outboxRelay';
import type { PubSub } from '@parley/kernel/pubsub';
import type { Subgraph } from '@parley/kernel/subgraph';
import { subjectCipher } from '@parley/kernel/subjectCipher';
import { createForeground } from './application/foreground.ts';
import { type Orchestrator, startOrchestrator } from './application/orchestrator.ts';
import type { Sales } from './application/sales.ts';
import { salesTopic } from './events.ts';
import { openSalesDatabase } from './infrastructure/database.ts';
import type { SalesContext } from './schema/builder.ts';
import { schema } from './schema/index.ts';

export type SalesOptions = {
  readonly pool: Pool;
  readonly bus: EventBus;
  readonly pubsub: PubSub;
  readonly masterKey: MasterKey;
  readonly log: Log;
  readonly clock: () => Date;
  readonly subgraphs: { readonly auth: Subgraph; readonly agent: Subgraph; readonly voice: Subgraph };
};
/** `start` begins answering: call it when the other subgraphs can be called. `drained` waits for all events to be delivered. */
export type SalesServer = {
  readonly subgraph: Subgraph;
  start(): void;
  drained(): Promise<void>;
  stop(): Promise<void>;
};

export const startSales = (options: SalesOptions): SalesServer => {
  const { pool, bus, pubsub, log, clock } = options;
  const database = openSalesDatabase(pool);
  const relay = startOutboxRelay({ pool, schema: 'sales', topic: salesTopic, bus, log });
  let orchestrator: Orchestrator | null = null;
  const sales: Sales = {
    database,
    pubsub,
    log,
    clock,
    ...options.subgraphs,
    cipher: subjectCipher(options.masterKey),
    worker: uuidv7(),
    foreground: createForeground(),
    eventsCommitted: relay.wake,
    replyWanted: (tenantId, conversationId, taken) => orchestrator?.wake(tenantId, conversationId, taken),
  };
  const subgraph = inProcessSubgraph<SalesContext>({
    name: 'sales',
    schema,
    log,
    context: ({ actor, requestId, signal }) => ({
      actor,
      requestId,
      signal,
      sales,
      get db() {
        return database.forTenant(actor?.tenantId ?? '');
      },
    }),
  });
  return {
    subgraph,
    start: () => {
      orchestrator ??= startOrchestrator(sales);
    },
    drained: relay.drained,
    stop: async () => {
      await orchestrator?.stop();
      await relay.stop();
      await database.close();
    },
  };
};
