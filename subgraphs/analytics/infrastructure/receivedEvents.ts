import type { RawEvent } from '../domain/salesFact.ts';
import type { Client, Tx } from './database.ts';

/** Keeps the tenant's read model for this transaction alone: what is being counted is waited for, what comes waits (`keepCounted`). */
export const lockReadModel = (tx: Tx) =>
  tx.$queryRaw`SELECT pg_advisory_xact_lock(hashtextextended('analytics ' || platform.tenant_id(), 0))::text`;

const pageSize = 2000;

/** Everything received of a topic, aggregate after aggregate, each in the order of its versions. */
export async function* readReceived(tx: Tx, topic: string): AsyncGenerator<RawEvent> {
  let after = { aggregateId: '00000000-0000-0000-0000-000000000000', version: 0 };
  for (;;) {
    const rows = await tx.$queryRaw<(Omit<RawEvent, 'occurredAt'> & { occurredAt: Date })[]>`
      SELECT aggregate_id AS "aggregateId", version, type, schema_version AS "schemaVersion", data, occurred_at AS "occurredAt"
      FROM analytics.received_event
      WHERE tenant_id = platform.tenant_id() AND topic = ${topic} AND (aggregate_id, version) > (${after.aggregateId}::uuid, ${after.version}::int)
      ORDER BY aggregate_id, version LIMIT ${pageSize}`;
    for (const row of rows) yield { ...row, occurredAt: row.occurredAt.toISOString() };
    const last = rows.at(-1);
    if (last === undefined || rows.length < pageSize) return;
    after = last;
  }
}

/** The organizations that anything was received of; `relay` is a client of role `analytics_relay`. */
export const tenantsReceived = async (relay: Client): Promise<string[]> => {
  const rows = await relay.$queryRaw<{ tenantId: string }[]>`
    WITH RECURSIVE tenant AS (
      (SELECT tenant_id FROM analytics.received_event ORDER BY tenant_id LIMIT 1)
      UNION ALL
      SELECT (SELECT tenant_id FROM analytics.received_event WHERE tenant_id > tenant.tenant_id ORDER BY tenant_id LIMIT 1)
      FROM tenant WHERE tenant.tenant_id IS NOT NULL
    ) SELECT tenant_id AS "tenantId" FROM tenant WHERE tenant_id IS NOT NULL`;
  return rows.map(({ tenantId }) => tenantId);
};
