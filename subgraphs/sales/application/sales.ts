import type { Actor } from '@parley/kernel/actor';
import type { EventTransaction, NewEvent } from '@parley/kernel/eventStore';
import { appendEvents } from '@parley/kernel/eventStore';
import type { Log } from '@parley/kernel/log';
import type { PubSub } from '@parley/kernel/pubsub';
import type { Subgraph } from '@parley/kernel/subgraph';
import type { SubjectCipher } from '@parley/kernel/subjectCipher';
import type { SalesEvent } from '../events.ts';
import { type ConversationChangeMessage, changesChannel } from '../infrastructure/conversations.ts';
import type { Client, SalesDatabase, Tx } from '../infrastructure/database.ts';
import { type TurnUpdateMessage, turnsChannel } from '../infrastructure/turnUpdates.ts';

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
  /** Events were committed: the relay may look. */
  readonly eventsCommitted: () => void;
  /** Somebody has to answer, or finish answering, in this conversation. */
  readonly replyWanted: (tenantId: string, conversationId: string) => void;
};

/** What a transaction leaves to be told once it has committed. */
export type Announcements = { turns?: readonly TurnUpdateMessage[]; changes?: readonly ConversationChangeMessage[] };

const retryable = new Set(['P2034', '40001', '40P01']);

/** One transaction of one tenant. A deadlock or a lost race is tried again: nothing of it was recorded. */
export const transaction = async <T>(client: Client, work: (tx: Tx) => Promise<T>): Promise<T> => {
  for (let attempt = 1; ; attempt++) {
    try {
      return await client.$transaction(work, { maxWait: 5000, timeout: 15_000 });
    } catch (error) {
      if (attempt >= 3 || !retryable.has((error as { code?: string }).code ?? '')) throw error;
    }
  }
};

/** Appends events of one conversation in the caller's transaction. */
export const record = (
  tx: EventTransaction,
  conversationId: string,
  events: readonly SalesEvent[],
  by: { actor: Pick<Actor, 'kind' | 'id'>; now: Date },
): Promise<void> =>
  appendEvents(
    tx,
    'sales',
    events.map((event): NewEvent => ({ aggregateId: conversationId, event })),
    by,
  );

/** After the commit: subscribers see it, the relay picks the events up. */
export const announce = async (
  sales: Sales,
  tenantId: string,
  { turns = [], changes = [] }: Announcements,
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
