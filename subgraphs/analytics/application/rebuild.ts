import { salesTopic } from '@parley/sales/events';
import { type ConversationState, project } from '../domain/conversation.ts';
import { type RawEvent, readSalesFact } from '../domain/salesFact.ts';
import { emptyReadModel, insertConversations } from '../infrastructure/conversations.ts';
import { lockReadModel, readReceived, tenantsReceived } from '../infrastructure/receivedEvents.ts';
import type { Analytics } from './analytics.ts';

const conversationsAtOnce = 200;
const longest = 30 * 60_000;

/**
 * Makes the read model of one organization, or of every one, again from the events received. Readers see the old
 * numbers until the new ones are complete; events that arrive meanwhile wait. @returns conversations written
 */
export const rebuild = async (analytics: Analytics, tenantId?: string): Promise<number> => {
  const tenants =
    tenantId === undefined ? await tenantsReceived(analytics.database.asRole('analytics_relay')) : [tenantId];
  let written = 0;
  for (const tenant of tenants) written += await rebuildTenant(analytics, tenant);
  return written;
};

const rebuildTenant = (analytics: Analytics, tenantId: string): Promise<number> =>
  analytics.database.forTenant(tenantId).$transaction(
    async (tx) => {
      await lockReadModel(tx);
      await emptyReadModel(tx);
      let written = 0;
      let finished: ConversationState[] = [];
      const flush = async () => {
        await insertConversations(tx, tenantId, finished);
        written += finished.length;
        finished = [];
      };
      for await (const events of byAggregate(readReceived(tx, salesTopic))) {
        const state = events.reduce<ConversationState | null>((before, event) => {
          const fact = readSalesFact(event);
          return fact === null || 'problem' in fact ? before : project(before, fact);
        }, null);
        if (state !== null) finished.push(state);
        if (finished.length === conversationsAtOnce) await flush();
      }
      await flush();
      return written;
    },
    { maxWait: 10_000, timeout: longest },
  );

/** The events of one aggregate at a time; they come one aggregate after the other. */
async function* byAggregate(events: AsyncIterable<RawEvent>): AsyncGenerator<RawEvent[]> {
  let group: RawEvent[] = [];
  for await (const event of events) {
    if (group.length > 0 && group[0]?.aggregateId !== event.aggregateId) {
      yield group;
      group = [];
    }
    group.push(event);
  }
  if (group.length > 0) yield group;
}
