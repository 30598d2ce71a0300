import type { EventBus } from './bus.ts';
import type { Pool } from './database.ts';
import type { StoredEvent } from './event.ts';
import type { Schema } from './eventStore.ts';
import type { Log } from './log.ts';

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
  const select = `SELECT tenant_id, id, aggregate_id, version, type, schema_version, data, actor, occurred_at
    FROM ${schema}.event WHERE sent_at IS NULL ORDER BY position LIMIT ${options.batch ?? 200}`;
  let stopped = false;
  let wanted = true;
  let wakeUp: () => void = () => {};
  let running: Promise<unknown> = Promise.resolve();

  /** @returns how many were delivered and how many could not be */
  const deliverBatch = async (): Promise<{ sent: number; held: number }> => {
    const connection = await pool.connect();
    let broken: Error | undefined;
    try {
      await connection.query(`BEGIN; SELECT set_config('role', '${schema}_relay', true)`);
      const lock = await connection.query<{ mine: boolean }>(
        `SELECT pg_try_advisory_xact_lock(hashtext('outbox:${schema}')) AS mine`,
      );
      if (lock.rows[0]?.mine !== true) {
        await connection.query('ROLLBACK');
        return { sent: 0, held: 0 };
      }
      const { rows } = await connection.query<Row>(select);
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
        await connection.query(`UPDATE ${schema}.event SET sent_at = now() WHERE id = ANY($1::uuid[])`, [sent]);
      await connection.query('COMMIT');
      return { sent: sent.length, held: held.size };
    } catch (error) {
      broken = error as Error;
      throw error;
    } finally {
      connection.release(broken);
    }
  };

  const loop = async () => {
    while (!stopped) {
      wanted = false;
      let pause = options.pollMs ?? 1000;
      try {
        const work = deliverBatch();
        running = work.catch(() => {});
        const { sent, held } = await work;
        if (sent > 0 && held === 0) wanted = true;
      } catch (error) {
        log.error({ err: error, schema }, 'outbox relay');
        pause = 2000;
      }
      if (!wanted && !stopped) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, pause);
          wakeUp = () => {
            clearTimeout(timer);
            resolve();
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
        const connection = await pool.connect();
        try {
          await connection.query(`BEGIN; SELECT set_config('role', '${schema}_relay', true)`);
          const { rows } = await connection.query(`SELECT 1 FROM ${schema}.event WHERE sent_at IS NULL LIMIT 1`);
          await connection.query('COMMIT');
          if (rows.length === 0) return;
        } finally {
          connection.release();
        }
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
