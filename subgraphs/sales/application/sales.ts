import type { Log } from '@parley/kernel/log';
import type { PubSub } from '@parley/kernel/pubsub';
import type { Subgraph } from '@parley/kernel/subgraph';
import type { SubjectCipher } from '@parley/kernel/subjectCipher';
import { changesChannel } from '../infrastructure/conversations.ts';
import type { SalesDatabase } from '../infrastructure/database.ts';
import type { Recorded } from '../infrastructure/record.ts';
import type { Unanswered } from '../infrastructure/replies.ts';
import { turnsChannel } from '../infrastructure/turnUpdates.ts';
import type { Foreground } from './foreground.ts';

/** What the commands of sales work with; made once in server.ts. */
export type Sales = {
  readonly database: SalesDatabase;
  readonly pubsub: PubSub;
  readonly cipher: SubjectCipher;
  readonly auth: Subgraph;
  readonly agent: Subgraph;
  readonly voice: Subgraph;
  readonly clock: () => Date;
  readonly log: Log;
  /** Who this process is where it takes a conversation to answer in it. */
  readonly worker: string;
  /** What customers wait for in this process. */
  readonly foreground: Foreground;
  /** Events were committed: the relay may look. */
  readonly eventsCommitted: () => void;
  /** Somebody has to answer, or finish answering, in this conversation; `taken`: it is ours already, and this is what to answer. */
  readonly replyWanted: (tenantId: string, conversationId: string, taken: Unanswered | null) => void;
};

/** After the commit: subscribers see it, the relay picks the events up. */
export const announce = async (
  sales: Sales,
  tenantId: string,
  { turns = [], changes = [] }: Partial<Recorded>,
): Promise<void> => {
  sales.eventsCommitted();
  for (const update of turns) await sales.pubsub.publish(turnsChannel(tenantId, update.conversationId), update);
  for (const change of changes) await sales.pubsub.publish(changesChannel(tenantId, change.conversationId), change);
};

/** Streams of this conversation look at the store and see whether anything can still follow. */
export const announceEnd = async (sales: Sales, tenantId: string, conversationId: string): Promise<void> => {
  await sales.pubsub.publish(turnsChannel(tenantId, conversationId), null);
  await sales.pubsub.publish(changesChannel(tenantId, conversationId), null);
};
