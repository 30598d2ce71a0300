import { v5 } from 'uuid';
import type { Pool } from './database.ts';
import type { StoredEvent } from './event.ts';
import type { Schema } from './eventStore.ts';
import { sqlFor } from './sql.ts';

/**
 * Why an event was set aside. UNREADABLE: it is no event of ours. UNKNOWN_VERSION: a newer build wrote it, in a shape
 * this one does not know. FAILED: its handler failed on every try. BEHIND: an earlier event of its aggregate was set
 * aside, and order is kept.
 */
export type DeadLetterReason = 'UNREADABLE' | 'UNKNOWN_VERSION' | 'FAILED' | 'BEHIND';
export type DeadLetter = { readonly reason: DeadLetterReason; readonly detail: string; readonly event: StoredEvent };

/** Events that a context could not take, kept in its schema until they are requeued. */
export type DeadLetters = {
  /** Whether events of this aggregate have been set aside; later ones then wait behind them. */
  holds(event: StoredEvent): Promise<boolean>;
  /** The same event again only counts another try. */
  add(topic: string, letter: DeadLetter): Promise<void>;
  /** What did not even name its tenant and aggregate, as it came; the same text again only counts another try. */
  addUnreadable(topic: string, text: string, detail: string): Promise<void>;
  /** What was asked to be tried again, of so many aggregates, each in the order of its versions. */
  requeued(): Promise<readonly StoredEvent[]>;
  /** It was handled after all. */
  remove(event: StoredEvent): Promise<void>;
  /** Asks for those that this build may know how to read. */
  requeueUnknown(known: (event: StoredEvent) => boolean): Promise<number>;
};

/** For what names no tenant. */
const noTenant = '00000000-0000-0000-0000-000000000000';
/** Namespace of what has no id of its own: its topic and text name it (RFC 9562, version 5). */
const unreadables = '0b6f6f0e-6b0c-4a51-9b0a-6f2d8f3b1c77';
const atOnce = 100;

export const openDeadLetters = (pool: Pool, schema: Schema): DeadLetters => {
  const sql = sqlFor(pool, { role: `${schema}_relay` });
  const insert = `INSERT INTO ${schema}.dead_letter AS d (tenant_id, id, topic, aggregate_id, version, type, event, reason, detail, failed_at)
    VALUES ($1::uuid, $2::uuid, $3, $4::uuid, $5, $6, $7::jsonb, $8::text, $9, now())
    ON CONFLICT (tenant_id, id) DO UPDATE SET tries = d.tries + 1, requeued_at = NULL, failed_at = now(), reason = excluded.reason, detail = excluded.detail`;
  const remove = `DELETE FROM ${schema}.dead_letter WHERE tenant_id = $1::uuid AND id = $2::uuid`;
  return {
    holds: async ({ tenantId, aggregateId }) =>
      (
        await sql.run(
          `SELECT 1 AS held FROM ${schema}.dead_letter WHERE tenant_id = $1::uuid AND aggregate_id = $2::uuid LIMIT 1`,
          [tenantId, aggregateId],
        )
      ).length > 0,
    add: async (topic, { event, reason, detail }) => {
      const { tenantId, id, aggregateId, version, type } = event;
      await sql.run(insert, [
        tenantId,
        id,
        topic,
        aggregateId,
        version,
        type,
        JSON.stringify(event),
        reason,
        detail.slice(0, 2000),
      ]);
    },
    addUnreadable: async (topic, text, detail) => {
      const id = v5(`${topic}\n${text.toWellFormed()}`, unreadables);
      const event = JSON.stringify({ text: text.replaceAll('\0', '').toWellFormed().slice(0, 100_000) });
      await sql.run(insert, [noTenant, id, topic, id, 0, '', event, 'UNREADABLE', detail.slice(0, 2000)]);
    },
    requeued: async () =>
      (
        await sql.run<{ event: StoredEvent }>(
          // An aggregate whose events only wait behind one another has been requeued while the last of them came in.
          `SELECT event FROM ${schema}.dead_letter WHERE (tenant_id, aggregate_id) IN (
             SELECT tenant_id, aggregate_id FROM ${schema}.dead_letter WHERE reason <> 'UNREADABLE' GROUP BY tenant_id, aggregate_id
             HAVING bool_or(requeued_at IS NOT NULL) OR bool_and(reason = 'BEHIND') LIMIT ${atOnce}
           ) ORDER BY tenant_id, aggregate_id, version`,
        )
      ).map(({ event }) => event),
    remove: async ({ tenantId, id }) => {
      await sql.run(remove, [tenantId, id]);
    },
    requeueUnknown: async (known) => {
      const rows = await sql.run<{ event: StoredEvent }>(
        `SELECT event FROM ${schema}.dead_letter WHERE reason = 'UNKNOWN_VERSION' AND requeued_at IS NULL`,
      );
      const readable = rows.map(({ event }) => event).filter(known);
      if (readable.length > 0)
        await sql.run(`UPDATE ${schema}.dead_letter SET requeued_at = now() WHERE id = ANY($1::uuid[])`, [
          readable.map(({ id }) => id),
        ]);
      return readable.length;
    },
  };
};
