import type { Actor } from '@parley/kernel/actor';
import { uuidv7 } from '@parley/kernel/id';
import { fromJsonRow, type JsonRow, toJsonRow } from '@parley/kernel/jsonRow';
import type { Sql } from '@parley/kernel/sql';
import type { ReplyComposed } from '../events.ts';
import type { ReplyTrace } from '../generated/prisma/client.ts';

/** A cited passage, kept as it read when it was cited. */
export type StoredCitation = {
  readonly passageId: string;
  readonly documentId: string;
  readonly documentTitle: string;
  readonly text: string;
  readonly score: number;
};
export type NewReplyTrace = Omit<ReplyTrace, 'citations'> & { readonly citations: StoredCitation[] };

const dates = new Set(['createdAt']);
export const toReplyTrace = (row: JsonRow): ReplyTrace => fromJsonRow<ReplyTrace>(row, dates);

const find = `SELECT to_jsonb(r) AS row FROM agent.reply_trace r WHERE r.tenant_id = platform.tenant_id() AND r.in_reply_to_id = $1::uuid`;
export const findReply = async (sql: Sql, inReplyToId: string): Promise<ReplyTrace | null> => {
  const [found] = await sql.run<{ row: JsonRow }>(find, [inReplyToId]);
  return found === undefined ? null : toReplyTrace(found.row);
};

const insert = `
  WITH trace AS (
    INSERT INTO agent.reply_trace SELECT (jsonb_populate_record(NULL::agent.reply_trace, $1::jsonb)).* ON CONFLICT DO NOTHING RETURNING *
  )
  INSERT INTO agent.event (tenant_id, id, aggregate_id, version, type, schema_version, data, actor, occurred_at)
  SELECT tenant_id, $2::uuid, turn_id, 1, $3, 1, $4::jsonb, $5::jsonb, created_at FROM trace RETURNING id`;

/** The reply and its event, in one trip. @returns false when the turn has a reply already; that one stands */
export const insertReply = async (
  sql: Sql,
  trace: NewReplyTrace,
  event: ReplyComposed,
  { kind, id }: Pick<Actor, 'kind' | 'id'>,
): Promise<boolean> => {
  const values = [toJsonRow(trace), uuidv7(), event.type, event.data, { kind, id }];
  return (
    (
      await sql.run(
        insert,
        values.map((value) => (typeof value === 'string' ? value : JSON.stringify(value))),
      )
    ).length === 1
  );
};
