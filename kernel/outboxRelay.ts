import type { EventBus } from './bus.ts';
import type { Pool } from './database.ts';
import type { StoredEvent } from './event.ts';
import type { Schema } from './eventStore.ts';
import type { Log } from './log.ts';
import { sqlFor } from './sql.ts';

type Row = {
  tenant_id: string;
  id: string;
  aggregate_id: string;
  version: number;
  type: string;
  schema_version: number;
  data: object;
  actor: StoredEvent['actor'];
  occurred_at: Date;
};

const toEvent = (row: Row): StoredEvent => ({
  type: row.type,
  data: row.data,
  id: row.id,
  tenantId: row.tenant_id,
  aggregateId: row.aggregate_id,
  version: row.version,
  schemaVersion: row.schema_version,
  occurredAt: row.occurred_at.toISOString(),
  actor: row.actor,
});

const gatherMs = 250;

/** Delivers committed events to the bus. `wake` says that something was just committed; `drained` waits until nothing is unsent. */
export type OutboxRelay = { wake(): void; drained(): Promise<void>; stop(): Promise<void> };

/**
 * At least once, in version order per aggregate. It reads what is not marked sent rather than what lies behind a
 * cursor, so a transaction that commits late is never skipped. An event that cannot be delivered holds back only its
 * own aggregate and is tried again. One relay per schema works at a time, whichever process holds the advisory lock.
 */
export const startOutboxRelay = (options: {
  pool: Pool;
  schema: Schema;
  topic: string;
  bus: EventBus;
  log: Log;
  pollMs?: number;
  batch?: number;
}): OutboxRelay => {
  const { pool, schema, bus, topic, log } = options;
  const batch = options.batch ?? 200;
  const select = `SELECT tenant_id, id, aggregate_id, version, type, schema_version, data, actor, occurred_at
    FROM ${schema}.event WHERE sent_at IS NULL ORDER BY position LIMIT ${batch}`;
  let stopped = false;
  let wanted = true;
  let wakeUp: () => void = () => {};
  let running: Promise<unknown> = Promise.resolve();

  const sql = sqlFor(pool, { role: `${schema}_relay` });
  const lock = `SELECT pg_try_advisory_xact_lock(hashtext('outbox:${schema}')) AS mine`;

  /** Delivers what is unsent; `more`: there may be another batch, `held`: some could not be delivered. */
  const deliverBatch = (): Promise<{ more: boolean; held: boolean }> =>
    sql.transaction(async (tx) => {
      const [[locked], rows] = await Promise.all([tx.query<{ mine: boolean }>(lock), tx.query<Row>(select)]);
      if (locked?.mine !== true) return { more: false, held: false };
      const held = new Set<string>();
      const sent: string[] = [];
      for (const row of rows) {
        if (held.has(row.aggregate_id)) continue;
        try {
          await bus.publish(topic, [toEvent(row)]);
          sent.push(row.id);
        } catch (error) {
          held.add(row.aggregate_id);
          log.error(
            { err: error, eventId: row.id, type: row.type, topic },
            'event could not be delivered; it will be tried again',
          );
        }
      }
      if (sent.length > 0)
        await tx.query(`UPDATE ${schema}.event SET sent_at = now() WHERE id = ANY($1::uuid[])`, [sent]);
      return { more: rows.length === batch, held: held.size > 0 };
    });

  const loop = async () => {
    while (!stopped) {
      wanted = false;
      let pause = options.pollMs ?? 1000;
      try {
        const work = deliverBatch();
        running = work.catch(() => {});
        const { more, held } = await work;
        if (more && !held) wanted = true;
      } catch (error) {
        log.error({ err: error, schema }, 'outbox relay');
        pause = 2000;
      }
      if (!wanted && !stopped) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, pause);
          wakeUp = () => {
            clearTimeout(timer);
            // What is committed in the next moments goes along.
            setTimeout(resolve, stopped ? 0 : gatherMs);
          };
        });
      }
    }
  };
  const done = loop();

  return {
    wake: () => {
      wanted = true;
      wakeUp();
    },
    drained: async () => {
      for (;;) {
        await running;
        if ((await sql.run(`SELECT 1 AS unsent FROM ${schema}.event WHERE sent_at IS NULL LIMIT 1`)).length === 0)
          return;
        wanted = true;
        wakeUp();
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    },
    stop: async () => {
      stopped = true;
      wakeUp();
      await done;
    },
  };
};
