import { readFile } from 'node:fs/promises';
import type { EventBus } from '@parley/kernel/bus';
import type { Pool } from '@parley/kernel/database';
import { inProcessSubgraph } from '@parley/kernel/inProcessSubgraph';
import type { MasterKey } from '@parley/kernel/keyFile';
import type { Log } from '@parley/kernel/log';
import { startOutboxRelay } from '@parley/kernel/outboxRelay';
import type { PubSub } from '@parley/kernel/pubsub';
import type { Subgraph } from '@parley/kernel/subgraph';
import type { Parts } from './application/parts.ts';
import type { AgentConfig } from './config.ts';
import { createReplyEngine, type ReplyEngine } from './domain/replyEngine.ts';
import { agentTopic } from './events.ts';
import { openRecentAgents } from './infrastructure/agents.ts';
import { openAgentDatabase } from './infrastructure/database.ts';
import { openKnowledgeIndex } from './infrastructure/knowledgeIndex.ts';
import type { AgentContext } from './schema/builder.ts';
import { schema } from './schema/index.ts';

export type AgentOptions = {
  readonly pool: Pool;
  readonly bus: EventBus;
  readonly pubsub: PubSub;
  readonly masterKey: MasterKey;
  readonly log: Log;
  readonly clock: () => Date;
  readonly config: AgentConfig;
  readonly subgraphs: { readonly voice: Subgraph };
  /** In place of the built-in one. */
  readonly engine?: ReplyEngine;
  /** Told of each SQL statement. */
  readonly onStatement?: (sql: string) => void;
};
/** `drained` waits for all events to be delivered. */
export type AgentServer = { readonly subgraph: Subgraph; drained(): Promise<void>; stop(): Promise<void> };

const modelBytes = (language: 'en' | 'es'): Promise<Uint8Array> =>
  readFile(new URL(`./models/${language}.bin`, import.meta.url));

export const startAgent = async (options: AgentOptions): Promise<AgentServer> => {
  const { pool, bus, log, clock, config } = options;
  const engine = options.engine ?? createReplyEngine({ en: await modelBytes('en'), es: await modelBytes('es') });
  const database = openAgentDatabase(pool, options.onStatement);
  const relay = startOutboxRelay({ pool, schema: 'agent', topic: agentTopic, bus, log });
  const parts: Parts = {
    database,
    agents: openRecentAgents(),
    knowledge: openKnowledgeIndex({ maxPassages: config.maxIndexedPassages }),
    engine,
    voice: options.subgraphs.voice,
    clock,
    log,
    eventsCommitted: relay.wake,
  };
  const subgraph = inProcessSubgraph<AgentContext>({
    name: 'agent',
    schema,
    log,
    context: ({ actor, requestId, signal }) => ({
      actor,
      requestId,
      signal,
      parts,
      get db() {
        return database.forTenant(actor?.tenantId ?? '');
      },
    }),
  });
  return {
    subgraph,
    drained: relay.drained,
    stop: async () => {
      await relay.stop();
      await database.close();
    },
  };
};
