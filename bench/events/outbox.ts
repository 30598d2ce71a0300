import { randomUUID } from 'node:crypto';
import type { StoredEvent } from '@parley/kernel/event';
import type pg from 'pg';
import { tellConversation } from '../../subgraphs/analytics/domain/salesEvents.fixture.ts';

/** Conversations under way at once. */
const conversations = 100;
const wordsAsked = 8;

/** So many events of one new tenant, as its conversations would tell them side by side. */
export const tell = (count: number): { tenantId: string; events: StoredEvent[] } => {
  const tenantId = randomUUID();
  const agentId = randomUUID();
  const startedAt = new Date().toISOString();
  const tellers = Array.from({ length: conversations }, () => tellConversation({ tenantId, agentId, startedAt }));
  const each = Math.ceil(count / conversations);
  for (const teller of tellers) {
    teller.started();
    while (teller.events.length < each) {
      const reply = teller.replyStarted(teller.received(wordsAsked));
      teller.completed(reply, 20, 300);
      teller.voiced(reply, 4000, 250);
    }
  }
  const events = Array.from({ length: each }, (_, index) =>
    tellers.map((teller) => teller.events[index] as StoredEvent),
  );
  return { tenantId, events: events.flat().slice(0, count) };
};

/** Commits events to the outbox of sales in one transaction. */
export const commit = async (admin: pg.Client, events: readonly StoredEvent[]): Promise<void> => {
  await admin.query(
    `INSERT INTO sales.event (tenant_id, id, aggregate_id, version, type, schema_version, data, actor, occurred_at)
     SELECT e."tenantId", e.id, e."aggregateId", e.version, e.type, e."schemaVersion", e.data, e.actor, e."occurredAt"
     FROM jsonb_to_recordset($1::jsonb) AS e("tenantId" uuid, id uuid, "aggregateId" uuid, version int, type text,
       "schemaVersion" int, data jsonb, actor jsonb, "occurredAt" timestamptz)`,
    [JSON.stringify(events)],
  );
};

/** How many events of a tenant have been projected. */
export const projected = async (admin: pg.Client, tenantId: string): Promise<number> => {
  const { rows } = await admin.query<{ count: number }>(
    'SELECT count(*)::int FROM analytics.received_event WHERE tenant_id = $1 AND problem IS NULL',
    [tenantId],
  );
  return rows[0]?.count ?? 0;
};

/** How many events no relay has delivered yet. */
export const unsent = async (admin: pg.Client): Promise<number> => {
  const { rows } = await admin.query<{ count: number }>('SELECT count(*)::int FROM sales.event WHERE sent_at IS NULL');
  return rows[0]?.count ?? 0;
};

/** When each event's projection was committed: milliseconds since 1970 by id. */
export const projectedAt = async (admin: pg.Client, tenantId: string): Promise<Map<string, number>> => {
  const { rows } = await admin.query<{ id: string; at: number }>(
    `SELECT id, (extract(epoch FROM pg_xact_commit_timestamp(xmin)) * 1000)::float8 AS at
     FROM analytics.received_event WHERE tenant_id = $1`,
    [tenantId],
  );
  return new Map(rows.map(({ id, at }) => [id, at]));
};

/** @throws unless every conversation's projection is as of its last event, and nothing was set aside */
export const check = async (admin: pg.Client, tenantId: string, events: readonly StoredEvent[]): Promise<void> => {
  const last = new Map(events.map(({ aggregateId, version }) => [aggregateId, version]));
  const { rows } = await admin.query<{ id: string; version: number }>(
    'SELECT id, version FROM analytics.conversation WHERE tenant_id = $1',
    [tenantId],
  );
  const behind = rows.filter(({ id, version }) => last.get(id) !== version);
  const letters = await admin.query('SELECT FROM analytics.dead_letter WHERE tenant_id = $1', [tenantId]);
  if (rows.length !== last.size || behind.length > 0 || letters.rows.length > 0)
    throw new Error(
      `${last.size - rows.length + behind.length} conversations are behind, ${letters.rows.length} events were set aside`,
    );
};
