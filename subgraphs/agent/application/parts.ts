import type { Actor } from '@parley/kernel/actor';
import type { Log } from '@parley/kernel/log';
import type { Subgraph } from '@parley/kernel/subgraph';
import type { ReplyEngine } from '../domain/replyEngine.ts';
import type { RecentAgents } from '../infrastructure/agents.ts';
import type { AgentDatabase } from '../infrastructure/database.ts';
import type { KnowledgeIndex } from '../infrastructure/knowledgeIndex.ts';

/** What the commands of agent work with; made once in server.ts. */
export type Parts = {
  readonly database: AgentDatabase;
  readonly agents: RecentAgents;
  readonly knowledge: KnowledgeIndex;
  readonly engine: ReplyEngine;
  readonly voice: Subgraph;
  readonly clock: () => Date;
  readonly log: Log;
  /** Events were committed: the relay may look. */
  readonly eventsCommitted: () => void;
};

/** On whose behalf a command runs. */
export type Caller = {
  readonly actor: Actor | null;
  readonly requestId: string;
  readonly signal: AbortSignal | undefined;
};
