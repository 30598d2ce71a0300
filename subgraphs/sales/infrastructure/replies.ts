import type { Sql } from '@parley/kernel/sql';
import type { Conversation, Turn } from '../generated/prisma/client.ts';
import type { Client } from './database.ts';
import { toConversation, toTurn } from './rows.ts';

/** A conversation is worked on by one process at a time; a lease that is not renewed falls to whoever asks next. */
export const leaseMs = 3000;

const claim = `UPDATE sales.conversation SET lease_owner = $2::uuid, lease_until = now() + $3::int * interval '1 millisecond'
  WHERE tenant_id = platform.tenant_id() AND id = $1::uuid AND (lease_owner IS NULL OR lease_owner = $2::uuid OR lease_until < now()) RETURNING id`;
export const claimConversation = async (sql: Sql, conversationId: string, owner: string): Promise<boolean> =>
  (await sql.run(claim, [conversationId, owner, leaseMs])).length === 1;

const release = `UPDATE sales.conversation SET lease_owner = NULL, lease_until = NULL
  WHERE tenant_id = platform.tenant_id() AND id = $1::uuid AND lease_owner = $2::uuid`;
/** Gives the conversation back unless there is still something to answer. @returns whether it was given back */
export const releaseConversation = async (sql: Sql, conversationId: string, owner: string): Promise<boolean> =>
  (await sql.run(`${release} AND pending_replies = 0 RETURNING id`, [conversationId, owner])).length === 1;
/** Gives it back although work is left, for another process or a later try. */
export const abandonConversation = (sql: Sql, conversationId: string, owner: string) =>
  sql.run(release, [conversationId, owner]);

/** The oldest customer turn whose reply is not finished (text and audio), with the reply as far as it got. */
export type Unanswered = {
  readonly conversation: Conversation;
  readonly message: Turn;
  readonly reply: Turn | null;
  /** What was said before, oldest first; an interrupted turn counts as far as it was heard. */
  readonly history: readonly { role: Turn['role']; text: string }[];
};

const historyTurns = 12;
const unanswered = `
  SELECT to_jsonb(c) AS conversation, to_jsonb(m) AS message, to_jsonb(r) AS reply, coalesce((
    SELECT jsonb_agg(jsonb_build_object('role', h.role, 'text', coalesce(h.spoken_text, h.text)) ORDER BY h.sequence) FROM (
      SELECT * FROM sales.turn b WHERE b.tenant_id = m.tenant_id AND b.conversation_id = m.conversation_id AND b.sequence < m.sequence
      ORDER BY b.sequence DESC LIMIT ${historyTurns}) h), '[]') AS history
  FROM sales.conversation c
  JOIN sales.turn m ON m.tenant_id = c.tenant_id AND m.conversation_id = c.id AND m.role = 'CUSTOMER'
  LEFT JOIN sales.turn r ON r.tenant_id = m.tenant_id AND r.in_reply_to_id = m.id
  WHERE c.tenant_id = platform.tenant_id() AND c.id = $1::uuid AND c.pending_replies > 0 AND (r.id IS NULL OR NOT r.voiced)
    AND NOT (m.id = ANY ($2::uuid[]))
  ORDER BY m.sequence LIMIT 1`;
type Row = {
  conversation: Record<string, unknown>;
  message: Record<string, unknown>;
  reply: Record<string, unknown> | null;
  history: Unanswered['history'];
};

/** @param besides customer turns whose replies are in hand */
export const nextUnanswered = async (
  sql: Sql,
  conversationId: string,
  besides: readonly string[],
): Promise<Unanswered | null> => {
  const [row] = await sql.run<Row>(unanswered, [conversationId, [...besides]]);
  if (row === undefined) return null;
  return {
    conversation: toConversation(row.conversation),
    message: toTurn(row.message),
    reply: row.reply && toTurn(row.reply),
    history: row.history,
  };
};

/** Conversations of any tenant that wait for a reply and that nobody is working on. */
export const waitingConversations = (recovery: Client): Promise<{ tenantId: string; conversationId: string }[]> =>
  recovery.$queryRaw`
    SELECT tenant_id AS "tenantId", id AS "conversationId" FROM sales.conversation
    WHERE pending_replies > 0 AND (lease_until IS NULL OR lease_until < now()) ORDER BY lease_until NULLS FIRST LIMIT 500`;
