import type { Actor } from '@parley/kernel/actor';
import { uuidv7 } from '@parley/kernel/id';
import { toJsonRow } from '@parley/kernel/jsonRow';
import type { SqlTransaction } from '@parley/kernel/sql';
import type { SalesEvent } from '../events.ts';
import type { Conversation, Turn } from '../generated/prisma/client.ts';
import type { ConversationChangeMessage } from './conversations.ts';
import { toConversation } from './rows.ts';
import { type NewTurnUpdate, type TurnUpdateMessage, turnAt } from './turnUpdates.ts';

/** Everything one command records of one conversation. */
export type Recording = {
  readonly newTurn?: Turn;
  /** Only the columns that change, with the turn's id. */
  readonly changedTurns?: readonly (Partial<Turn> & { readonly id: string })[];
  /** Only the columns that change. */
  readonly conversation?: Partial<Conversation>;
  readonly updates?: readonly NewTurnUpdate[];
  /** The change log's next entry; its columns must be in `conversation` too. */
  readonly change?: Omit<ConversationChangeMessage, 'conversationId' | 'position'>;
  readonly events?: readonly SalesEvent[];
};
/** What subscribers are to be told once it is committed. */
export type Recorded = {
  readonly turns: readonly TurnUpdateMessage[];
  readonly changes: readonly ConversationChangeMessage[];
};

// Rows, live log, change log and events in one statement: one trip, whatever a command does.
const statement = `
  WITH input AS (SELECT $2::jsonb AS it),
  new_turn AS (
    INSERT INTO sales.turn SELECT (jsonb_populate_record(NULL::sales.turn, t)).* FROM input, jsonb_array_elements(it -> 'new_turns') t
  ),
  changed_turns AS (
    UPDATE sales.turn t SET
      state = n.state, text = n.text, spoken_text = n.spoken_text, intent_name = n.intent_name, intent_confidence = n.intent_confidence,
      intent_out_of_scope = n.intent_out_of_scope, sentiment = n.sentiment, objection = n.objection, time_to_first_audio = n.time_to_first_audio,
      total_ms = n.total_ms, voiced = n.voiced, completed_at = n.completed_at
    FROM (
      SELECT (jsonb_populate_record(was, change)).* FROM input, jsonb_array_elements(it -> 'changed_turns') change
      JOIN sales.turn was ON was.tenant_id = platform.tenant_id() AND was.id = (change ->> 'id')::uuid
    ) n
    WHERE t.tenant_id = n.tenant_id AND t.id = n.id
  ),
  conversation AS (
    UPDATE sales.conversation c SET
      status = n.status, phase = n.phase, outcome = n.outcome, ended_at = n.ended_at, turn_count = n.turn_count,
      pending_replies = n.pending_replies,
      update_position = c.update_position + jsonb_array_length(it -> 'updates'),
      change_position = c.change_position + jsonb_array_length(it -> 'changes')
    FROM input, LATERAL (
      SELECT (jsonb_populate_record(was, it -> 'conversation')).* FROM sales.conversation was WHERE was.tenant_id = platform.tenant_id() AND was.id = $1::uuid
    ) n
    WHERE c.tenant_id = platform.tenant_id() AND c.id = $1::uuid
    RETURNING c.*
  ),
  live_log AS (
    INSERT INTO sales.turn_update (tenant_id, conversation_id, position, turn_id, kind, text_delta, text_end)
    SELECT c.tenant_id, c.id, c.update_position - jsonb_array_length(it -> 'updates') + u.ordinal,
      (u.row ->> 'turn_id')::uuid, (u.row ->> 'kind')::sales."TurnUpdateKind", u.row ->> 'text_delta', (u.row ->> 'text_end')::int
    FROM conversation c, input, jsonb_array_elements(it -> 'updates') WITH ORDINALITY AS u(row, ordinal)
  ),
  change_log AS (
    INSERT INTO sales.conversation_change (tenant_id, conversation_id, position, status, phase, outcome)
    SELECT c.tenant_id, c.id, c.change_position, c.status, c.phase, c.outcome FROM conversation c, input, jsonb_array_elements(it -> 'changes')
  ),
  events AS (
    INSERT INTO sales.event (tenant_id, id, aggregate_id, version, type, schema_version, data, actor, occurred_at)
    SELECT c.tenant_id, (e.row ->> 'id')::uuid, c.id,
      coalesce((SELECT max(version) FROM sales.event x WHERE x.tenant_id = c.tenant_id AND x.aggregate_id = c.id), 0) + e.ordinal,
      e.row ->> 'type', 1, e.row -> 'data', it -> 'actor', (it ->> 'occurred_at')::timestamptz
    FROM conversation c, input, jsonb_array_elements(it -> 'events') WITH ORDINALITY AS e(row, ordinal)
  )
  SELECT to_jsonb(conversation) AS row FROM conversation`;

/**
 * Records what a command decided, inside the transaction that holds the conversation's row; the events table is the
 * outbox. @returns what to announce after the commit
 */
export const record = async (
  tx: SqlTransaction,
  conversationId: string,
  { newTurn, changedTurns = [], conversation = {}, updates = [], change, events = [] }: Recording,
  by: { actor: Pick<Actor, 'kind' | 'id'>; now: Date },
): Promise<Recorded> => {
  const shown = updates.map(({ turn, kind, textDelta }) => ({
    kind,
    textDelta: textDelta ?? null,
    turn: turnAt(turn, kind, turn.text.length),
  }));
  const [row] = await tx.query<{ row: Record<string, unknown> }>(statement, [
    conversationId,
    JSON.stringify({
      new_turns: newTurn === undefined ? [] : [toJsonRow(newTurn)],
      changed_turns: changedTurns.map(toJsonRow),
      conversation: toJsonRow(conversation),
      updates: shown.map(({ turn, kind, textDelta }) => ({
        turn_id: turn.id,
        kind,
        text_delta: textDelta,
        text_end: turn.text.length,
      })),
      changes: change === undefined ? [] : [{}],
      events: events.map(({ type, data }) => ({ id: uuidv7(), type, data })),
      actor: { kind: by.actor.kind, id: by.actor.id },
      occurred_at: by.now,
    }),
  ]);
  if (row === undefined) throw new Error('the conversation is gone');
  const now = toConversation(row.row);
  return {
    turns: shown.map(({ turn, kind, textDelta }, index) => ({
      conversationId,
      position: now.updatePosition - shown.length + index + 1,
      kind,
      textDelta,
      turn: { ...turn, conversation: now },
    })),
    changes: change === undefined ? [] : [{ conversationId, position: now.changePosition, ...change }],
  };
};
