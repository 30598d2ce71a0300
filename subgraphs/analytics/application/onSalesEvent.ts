import { isUuid } from '@parley/kernel/database';
import type { StoredEvent } from '@parley/kernel/event';
import { salesTopic } from '@parley/sales/events';
import { type ConversationState, project, turnsNamed } from '../domain/conversation.ts';
import { EventAhead, factsOf, placeOf } from '../domain/inbox.ts';
import { readSalesFact, type SalesFact } from '../domain/salesFact.ts';
import { loadConversation, saveConversation } from '../infrastructure/conversations.ts';
import type { Tx } from '../infrastructure/database.ts';
import { metricsChannel, organizationChannel } from '../infrastructure/liveMetrics.ts';
import { keepReceived, lastVersionReceived } from '../infrastructure/receivedEvents.ts';
import type { Analytics } from './analytics.ts';

/**
 * Counts one event, once, in the tenant that its envelope names; the inbox row and the counts commit together. An event
 * that cannot be understood is kept with the reason and counts nothing, so that the ones behind it go on.
 * @throws EventAhead when an earlier event of the conversation has not come yet; whatever the database throws
 */
export const onSalesEvent = async (analytics: Analytics, event: StoredEvent): Promise<void> => {
  const { tenantId, aggregateId } = event;
  const unusable = envelopeProblem(event);
  if (unusable !== null) {
    // Without a tenant there is no place to keep it; delivering it again would not help.
    analytics.log.error({ eventId: event.id, type: event.type, problem: unusable }, 'event dropped');
    return;
  }
  const occurredAt = new Date(event.occurredAt).toISOString();
  const received = { ...event, occurredAt, data: factsOf(event.data) as object };
  const read = readSalesFact(received);
  const problem = read !== null && 'problem' in read ? read.problem : null;

  const counted = await analytics.database.forTenant(tenantId).$transaction(async (tx) => {
    const last = await lastVersionReceived(tx, salesTopic, aggregateId);
    const place = placeOf(event.version, last);
    if (place === 'AHEAD') throw new EventAhead(event, last);
    if (place === 'DOUBLE') return null;
    const kept = { data: received.data, problem, receivedAt: analytics.clock() };
    if (!(await keepReceived(tx, salesTopic, received, kept))) return null;
    return read === null || 'problem' in read ? null : count(tx, tenantId, aggregateId, read);
  });

  if (problem !== null)
    analytics.log.error({ eventId: event.id, type: event.type, tenantId, problem }, 'event not understood');
  if (counted === null) return;
  await analytics.pubsub.publish(metricsChannel(tenantId, aggregateId), { version: event.version });
  await analytics.pubsub.publish(organizationChannel(tenantId), null);
};

const count = async (
  tx: Tx,
  tenantId: string,
  conversationId: string,
  fact: SalesFact,
): Promise<ConversationState | null> => {
  const before = await loadConversation(tx, tenantId, conversationId, turnsNamed(fact));
  const after = project(before, fact);
  if (after !== null) await saveConversation(tx, tenantId, before, after);
  return after;
};

const maxVersion = 2 ** 31 - 1;
const envelopeProblem = (event: StoredEvent): string | null => {
  if (!isUuid(event.tenantId)) return 'tenantId';
  if (!isUuid(event.id)) return 'id';
  if (!isUuid(event.aggregateId)) return 'aggregateId';
  if (!Number.isInteger(event.version) || event.version < 1 || event.version > maxVersion) return 'version';
  if (!Number.isInteger(event.schemaVersion) || Math.abs(event.schemaVersion) > maxVersion) return 'schemaVersion';
  if (typeof event.type !== 'string' || event.type.includes('\0') || !event.type.isWellFormed()) return 'type';
  if (typeof event.occurredAt !== 'string' || !isTime(event.occurredAt)) return 'occurredAt';
  return typeof event.data === 'object' && event.data !== null ? null : 'data';
};
/** A time that both sides can write in four digits of a year. */
const isTime = (text: string): boolean => /^[0-9]{4}-/.test(text) && !Number.isNaN(Date.parse(text));
