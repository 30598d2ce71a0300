import type { JsonRow } from '@parley/kernel/jsonRow';
import type { StoredPart } from '@parley/kernel/resumableStream';
import type { Sql } from '@parley/kernel/sql';
import type { Conversation, Turn, TurnState, TurnUpdateKind } from '../generated/prisma/client.ts';
import type { Client } from './database.ts';
import { toConversation, toTurn } from './rows.ts';

/** A turn together with the conversation as it was known then; without, whoever needs it reads it. */
export type TurnOfConversation = Turn & { readonly conversation?: Conversation };
/** One entry of a conversation's live log, with the turn as it was at that moment. */
export type TurnUpdateMessage = {
  readonly conversationId: string;
  readonly position: number;
  readonly kind: TurnUpdateKind;
  readonly textDelta: string | null;
  readonly turn: TurnOfConversation;
};
export type NewTurnUpdate = { readonly kind: TurnUpdateKind; readonly textDelta?: string; readonly turn: Turn };

export const turnsChannel = (tenantId: string, conversationId: string) => `sales:${tenantId}:turns:${conversationId}`;
export const turnsStream = (conversationId: string) => `turns:${conversationId}`;

/** Nobody may add to this turn's text any more: it was interrupted, or another process has taken the conversation over. */
export class TurnClosed extends Error {}

const append = `
  WITH held AS (
    SELECT tenant_id, id FROM sales.conversation
    WHERE tenant_id = platform.tenant_id() AND id = $1::uuid AND lease_owner = $2::uuid FOR UPDATE
  ), streaming AS (
    UPDATE sales.turn t SET text = $4 FROM held
    WHERE t.tenant_id = held.tenant_id AND t.id = $3::uuid AND t.state = 'STREAMING' RETURNING t.tenant_id, t.conversation_id
  ), moved AS (
    UPDATE sales.conversation c SET update_position = c.update_position + 1 FROM streaming
    WHERE c.tenant_id = streaming.tenant_id AND c.id = streaming.conversation_id
    RETURNING c.tenant_id, c.id, c.update_position, c.status, c.phase, c.outcome
  ), logged AS (
    INSERT INTO sales.turn_update (tenant_id, conversation_id, position, turn_id, kind, text_delta, text_end)
    SELECT tenant_id, id, update_position, $3::uuid, 'DELTA', $5, $6 FROM moved
  )
  SELECT update_position AS "updatePosition", status::text, phase::text, outcome::text FROM moved`;

/**
 * Adds to a streaming turn's text and to the log in one statement, if the turn still streams and `owner` still holds
 * the conversation. @throws TurnClosed
 */
export const appendDelta = async (
  sql: Sql,
  turn: TurnOfConversation,
  delta: string,
  owner: string,
): Promise<TurnUpdateMessage> => {
  const text = turn.text + delta;
  const [row] = await sql.run<Pick<Conversation, 'updatePosition' | 'status' | 'phase' | 'outcome'>>(append, [
    turn.conversationId,
    owner,
    turn.id,
    text,
    delta,
    text.length,
  ]);
  if (row === undefined) throw new TurnClosed();
  const { conversation } = turn;
  return {
    conversationId: turn.conversationId,
    position: row.updatePosition,
    kind: 'DELTA',
    textDelta: delta,
    turn: { ...turn, text, ...(conversation === undefined ? {} : { conversation: { ...conversation, ...row } }) },
  };
};

const stateOf: Record<TurnUpdateKind, TurnState> = {
  STARTED: 'STREAMING',
  DELTA: 'STREAMING',
  COMPLETED: 'COMPLETED',
  INTERRUPTED: 'INTERRUPTED',
  FAILED: 'FAILED',
};
/** The turn as an update showed it: what came later is not in it. */
export const turnAt = (turn: Turn, kind: TurnUpdateKind, textEnd: number): Turn => ({
  ...turn,
  state: stateOf[kind],
  text: turn.text.slice(0, textEnd),
  spokenText: kind === 'INTERRUPTED' ? turn.spokenText : null,
});

/** A turn and its conversation in one trip; null for an unknown id and for another organization's. */
export const turnWithConversation = async (sql: Sql, id: string): Promise<TurnOfConversation | null> => {
  const [row] = await sql.run<{ turn: JsonRow; conversation: JsonRow }>(
    `SELECT to_jsonb(t) AS turn, to_jsonb(c) AS conversation FROM sales.turn t
     JOIN sales.conversation c ON c.tenant_id = t.tenant_id AND c.id = t.conversation_id
     WHERE t.tenant_id = platform.tenant_id() AND t.id = $1::uuid`,
    [id],
  );
  return row === undefined ? null : { ...toTurn(row.turn), conversation: toConversation(row.conversation) };
};

const pageSize = 200;

/** A page of the log after a position; complete when the conversation has ended and no reply is outstanding. */
export const readTurnUpdates = async (
  client: Client,
  tenantId: string,
  conversationId: string,
  after: number,
): Promise<StoredPart<TurnUpdateMessage>> => {
  // The end is looked at first: what is appended between the two reads then shows up as "not complete yet".
  const conversation = await client.conversation.findUniqueOrThrow({
    where: { tenantId_id: { tenantId, id: conversationId } },
  });
  const rows = await client.turnUpdate.findMany({
    where: { conversationId, position: { gt: after } },
    orderBy: { position: 'asc' },
    take: pageSize,
    include: { turn: true },
  });
  const items = rows.map(({ turn, position, kind, textDelta, textEnd }) => ({
    conversationId,
    position,
    kind,
    textDelta,
    turn: { ...turnAt(turn, kind, textEnd), conversation },
  }));
  const last = items.at(-1)?.position ?? after;
  return {
    items,
    more: rows.length === pageSize,
    complete:
      conversation.status === 'ENDED' && conversation.pendingReplies === 0 && last >= conversation.updatePosition,
  };
};
