import type { JsonRow } from '@parley/kernel/jsonRow';
import type { Sql, SqlTransaction } from '@parley/kernel/sql';
import type { Conversation, Turn } from '../generated/prisma/client.ts';
import type { Client } from './database.ts';
import { toConversation, toTurn } from './rows.ts';

/** A conversation is worked on by one process at a time; a lease that is not renewed falls to whoever asks next. */
export const leaseMs = 3000;

const until = `lease_until = now() + ${leaseMs} * interval '1 millisecond'`;
/** Keeps the conversation for longer. */
export const renewClaim = (sql: Sql, conversationId: string, owner: string) =>
  sql.run(
    `UPDATE sales.conversation SET ${until} WHERE tenant_id = platform.tenant_id() AND id = $1::uuid AND lease_owner = $2::uuid`,
    [conversationId, owner],
  );

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
  readonly history: History;
};
/** What was said before, oldest first; an interrupted turn counts as far as it was heard. */
export type History = readonly { readonly role: Turn['role']; readonly text: string }[];

const historyTurns = 12;
const historyBefore = (conversationId: string, sequence: string) => `coalesce((
  SELECT jsonb_agg(jsonb_build_object('role', h.role, 'text', coalesce(h.spoken_text, h.text)) ORDER BY h.sequence) FROM (
    SELECT b.role, b.spoken_text, b.text, b.sequence FROM sales.turn b
    WHERE b.tenant_id = platform.tenant_id() AND b.conversation_id = ${conversationId} AND b.sequence < ${sequence}
    ORDER BY b.sequence DESC LIMIT ${historyTurns}) h), '[]')`;
const soFar = `SELECT ${historyBefore('$1::uuid', '2147483647')} AS history`;
/** What was said so far. Sent behind the lock, it sees what the lock has waited for. */
export const historySoFar = async (tx: SqlTransaction, conversationId: string): Promise<History> =>
  (await tx.query<{ history: History }>(soFar, [conversationId]))[0]?.history ?? [];

/** `$2`: turns to leave out. `$3`: only as many of the newest turns are looked at as replies are pending. */
const unansweredOf = (conversation: string, besides = '') => `
  SELECT to_jsonb(c) AS conversation, found.message, found.reply, found.history ${besides}
  FROM ${conversation} c LEFT JOIN LATERAL (
    SELECT to_jsonb(m) AS message, to_jsonb(r) AS reply, ${historyBefore('m.conversation_id', 'm.sequence')} AS history
    FROM (
      SELECT t.* FROM sales.turn t WHERE t.tenant_id = platform.tenant_id() AND t.conversation_id = c.id AND t.role = 'CUSTOMER'
      ORDER BY t.sequence DESC LIMIT CASE WHEN $3::bool THEN c.pending_replies END
    ) m
    LEFT JOIN sales.turn r ON r.tenant_id = platform.tenant_id() AND r.in_reply_to_id = m.id
    WHERE (r.id IS NULL OR NOT r.voiced) AND NOT (m.id = ANY ($2::uuid[]))
    ORDER BY m.sequence LIMIT 1
  ) found ON c.pending_replies > 0`;
const find = `${unansweredOf('sales.conversation')} WHERE c.tenant_id = platform.tenant_id() AND c.id = $1::uuid`;
const placeOf = (row: string) => `${row}.update_position, ${row}.turn_count, ${row}.pending_replies`;
/** The conversation as it was when the statement began; its turns are read as they were then. */
const seen = `SELECT ${placeOf('s')} FROM sales.conversation s WHERE s.tenant_id = c.tenant_id AND s.id = c.id`;
const claimAndFind = `WITH claimed AS (
    UPDATE sales.conversation SET lease_owner = $4::uuid, ${until}
    WHERE tenant_id = platform.tenant_id() AND id = $1::uuid AND (lease_owner IS NULL OR lease_owner = $4::uuid OR lease_until < now())
    RETURNING *
  ) ${unansweredOf('claimed', `, (${placeOf('c')}) = (${seen}) AS "isOfOneMoment"`)}`;
type Row = { conversation: JsonRow; message: JsonRow | null; reply: JsonRow | null; history: History };

const toUnanswered = ({ conversation, message, reply, history }: Row): Unanswered | null =>
  message && {
    conversation: toConversation(conversation),
    message: toTurn(message),
    reply: reply && toTurn(reply),
    history,
  };

/** @param besides customer turns whose replies are in hand */
export const nextUnanswered = async (
  sql: Sql,
  conversationId: string,
  besides: readonly string[],
): Promise<Unanswered | null> => {
  const [row] = await sql.run<Row>(find, [conversationId, [...besides], true]);
  if (row === undefined) return null;
  return toUnanswered(row) ?? furtherBack(sql, row, besides);
};

/** A later reply was finished or has failed while an earlier one was not: what is left lies further back. */
const furtherBack = async (sql: Sql, { conversation }: Row, besides: readonly string[]): Promise<Unanswered | null> => {
  const { id, pendingReplies } = toConversation(conversation);
  if (pendingReplies <= besides.length) return null;
  const [further] = await sql.run<Row>(find, [id, [...besides], false]);
  return further === undefined ? null : toUnanswered(further);
};

/** Takes the conversation, in the same trip with what is to be done. @returns null while another process has it */
export const claimConversation = async (
  sql: Sql,
  conversationId: string,
  owner: string,
): Promise<{ readonly next: Unanswered | null } | null> => {
  const [row] = await sql.run<Row & { isOfOneMoment: boolean }>(claimAndFind, [conversationId, [], true, owner]);
  if (row === undefined) return null;
  // The claim has waited for somebody who changed it: its turns are read again, as they are now.
  if (!row.isOfOneMoment) return { next: await nextUnanswered(sql, conversationId, []) };
  return { next: toUnanswered(row) ?? (await furtherBack(sql, row, [])) };
};

/** Conversations of any tenant that wait for a reply and that nobody is working on. */
export const waitingConversations = (recovery: Client): Promise<{ tenantId: string; conversationId: string }[]> =>
  recovery.$queryRaw`
    SELECT tenant_id AS "tenantId", id AS "conversationId" FROM sales.conversation
    WHERE pending_replies > 0 AND (lease_until IS NULL OR lease_until < now()) ORDER BY lease_until NULLS FIRST LIMIT 500`;
