import type { Actor } from './actor.ts';
import type { Event } from './event.ts';
import { uuidv7 } from './id.ts';

export type Schema = 'identity' | 'sales' | 'voice' | 'agent' | 'analytics';
/** The part of a Prisma transaction that events need. */
export type EventTransaction = { $executeRawUnsafe(sql: string, ...values: unknown[]): PromiseLike<number> };
/** An event about to be recorded for one aggregate. */
export type NewEvent<E extends Event = Event> = { readonly aggregateId: string; readonly event: E };

const insert = (schema: Schema) => `
  INSERT INTO ${schema}.event (tenant_id, id, aggregate_id, version, type, schema_version, data, actor, occurred_at)
  SELECT platform.tenant_id(), e.id, e.aggregate_id,
    coalesce((SELECT max(version) FROM ${schema}.event x WHERE x.tenant_id = platform.tenant_id() AND x.aggregate_id = e.aggregate_id), 0) + e.ordinal,
    e.type, 1, e.data, e.actor, e.occurred_at
  FROM jsonb_to_recordset($1::jsonb) AS e(id uuid, aggregate_id uuid, ordinal int, type text, data jsonb, actor jsonb, occurred_at timestamptz)`;

/**
 * Appends events inside the caller's transaction; the events table is the outbox, the relay delivers after the commit.
 * Versions are gapless per aggregate: the caller holds the aggregate's row lock, or a concurrent append fails on the
 * unique (tenant, aggregate, version) and the command is tried again.
 */
export const appendEvents = async (
  tx: EventTransaction,
  schema: Schema,
  events: readonly NewEvent[],
  by: { actor: Pick<Actor, 'kind' | 'id'>; now: Date },
): Promise<void> => {
  if (events.length === 0) return;
  const ordinals = new Map<string, number>();
  const rows = events.map(({ aggregateId, event }) => {
    const ordinal = (ordinals.get(aggregateId) ?? 0) + 1;
    ordinals.set(aggregateId, ordinal);
    return {
      id: uuidv7(),
      aggregate_id: aggregateId,
      ordinal,
      type: event.type,
      data: event.data,
      actor: { kind: by.actor.kind, id: by.actor.id },
      occurred_at: by.now.toISOString(),
    };
  });
  await tx.$executeRawUnsafe(insert(schema), JSON.stringify(rows));
};
