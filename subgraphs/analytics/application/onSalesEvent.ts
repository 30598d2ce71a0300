import { isUuid } from '@parley/kernel/database';
import type { StoredEvent } from '@parley/kernel/event';
import { salesTopic } from '@parley/sales/events';
import { type ConversationState, project, turnsNamed } from '../domain/conversation.ts';
import { EventAhead, factsOf, placeOf } from '../domain/inbox.ts';
import { readSalesFact } from '../domain/salesFact.ts';
import { keepCounted, readCounted } from '../infrastructure/counting.ts';
import { metricsChannel, organizationChannel } from '../infrastructure/liveMetrics.ts';
import type { Analytics } from './analytics.ts';

/**
 * Counts one event, once, in the tenant that its envelope names; the inbox row and the counts are one statement. An event
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

  const fact = read === null || 'problem' in read ? null : read;
  const client = analytics.database.forTenant(tenantId);

  let after: ConversationState | null;
  for (let attempt = 1; ; attempt++) {
    const counted = await readCounted(client, salesTopic, received, fact === null ? [] : turnsNamed(fact));
    const place = counted.known ? 'DOUBLE' : placeOf(event.version, counted.last);
    if (place === 'AHEAD') throw new EventAhead(event, counted.last);
    if (place === 'DOUBLE') return;
    after = fact === null ? null : project(counted.state, fact);
    const kept = { ...received, problem, receivedAt: analytics.clock() };
    if (await keepCounted(client, salesTopic, kept, counted, after)) break;
    // Another process has received it meanwhile, or a rebuild has replaced what we read.
    if (attempt === tries) throw new Error(`${event.id} could not be counted: its conversation keeps changing`);
  }

  if (problem !== null)
    analytics.log.error({ eventId: event.id, type: event.type, tenantId, problem }, 'event not understood');
  if (after === null) return;
  await analytics.pubsub.publish(metricsChannel(tenantId, aggregateId), { version: event.version });
  await analytics.pubsub.publish(organizationChannel(tenantId), null);
};

const tries = 5;
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
