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
 * cursor, so a transaction that commits late is never skipped. Any number of relays work at a time: each takes the
 * aggregates that no other has, and reads their events only once it holds them, so that none overtakes another. What
 * cannot be delivered holds back only its own aggregate and is tried again.
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
  const batch = options.batch ?? 500;
  // Further back than one batch, so that a relay beside others finds aggregates that nobody has.
  const take = `WITH waiting AS MATERIALIZED (
      SELECT aggregate_id, min(position) AS first FROM (
        SELECT aggregate_id, position FROM ${schema}.event WHERE sent_at IS NULL ORDER BY position LIMIT ${batch * 10}
      ) unsent GROUP BY aggregate_id ORDER BY first
    ), taken AS (
      SELECT aggregate_id FROM waiting
      WHERE pg_try_advisory_xact_lock(hashtextextended('outbox ${schema} ' || aggregate_id, 0)) LIMIT ${batch}
    )
    SELECT array_agg(aggregate_id) AS aggregates FROM taken`;
  const select = `SELECT tenant_id, id, aggregate_id, version, type, schema_version, data, actor, occurred_at
    FROM ${schema}.event WHERE sent_at IS NULL AND aggregate_id = ANY($1::uuid[]) ORDER BY position LIMIT ${batch}`;
  let stopped = false;
  let wanted = true;
  let wakeUp: () => void = () => {};
  let running: Promise<unknown> = Promise.resolve();

  const sql = sqlFor(pool, { role: `${schema}_relay` });

  const waitsSince = (oldest: Row | undefined): void =>
    bus.backlog.set({ stage: 'outbox', topic }, oldest?.occurred_at ?? null);

  /** Delivers what is unsent; `more`: there may be another batch, `held`: some could not be delivered. */
  const deliverBatch = (): Promise<{ more: boolean; held: boolean }> =>
    sql.transaction(async (tx) => {
      const [taken] = await tx.query<{ aggregates: string[] | null }>(take);
      if (!taken?.aggregates) {
        waitsSince(undefined);
        return { more: false, held: false };
      }
      // A statement of its own: it sees what was marked sent by whoever held the aggregates before.
      const rows = await tx.query<Row>(select, [taken.aggregates]);
      waitsSince(rows[0]);
      if (rows.length === 0) return { more: false, held: false };
      const arrived = new Set(await bus.publish(topic, rows.map(toEvent)));
      waitsSince(rows.find(({ id }) => !arrived.has(id)) ?? (rows.length === batch ? rows.at(-1) : undefined));
      if (arrived.size > 0)
        await tx.last(`UPDATE ${schema}.event SET sent_at = now() WHERE id = ANY($1::uuid[])`, [[...arrived]]);
      return { more: rows.length === batch, held: arrived.size < rows.length };
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
        log.error({ err: error, topic }, 'events could not be delivered; they will be tried again');
        pause = Math.max(pause, 1000);
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
