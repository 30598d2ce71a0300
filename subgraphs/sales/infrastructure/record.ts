import type { Actor } from '@parley/kernel/actor';
import { uuidv7 } from '@parley/kernel/id';
import type { Query } from '@parley/kernel/sql';
import type { SalesEvent } from '../events.ts';
import type { Conversation, Turn, TurnUpdateKind } from '../generated/prisma/client.ts';
import type { ConversationChangeMessage } from './conversations.ts';
import { type RecordedRow, recordStatement } from './recordStatement.ts';
import { type NewTurnUpdate, type TurnUpdateMessage, turnAt } from './turnUpdates.ts';

/** Everything one command records of one conversation. */
export type Recording = {
  readonly newTurn?: Turn;
  /** Only the columns that change, with the turn's id. */
  readonly changedTurn?: Partial<Turn> & { readonly id: string };
  /** Only the columns that change. */
  readonly conversation?: Partial<Omit<Conversation, 'updatePosition' | 'changePosition'>>;
  /** Who works on the conversation from now on. */
  readonly claimFor?: string;
  readonly updates?: readonly NewTurnUpdate[];
  /** The change log's next entry; its columns must be in `conversation` too. */
  readonly change?: Omit<ConversationChangeMessage, 'conversationId' | 'position'>;
  readonly events?: readonly SalesEvent[];
};
/** An entry of the live log, with the turn as it is shown there. */
export type LogEntry = { readonly kind: TurnUpdateKind; readonly textDelta: string | null; readonly turn: Turn };
/** What subscribers are to be told once it is committed, and the conversation as it then is. */
export type Recorded = {
  readonly conversation: Conversation;
  readonly turns: readonly TurnUpdateMessage[];
  readonly changes: readonly ConversationChangeMessage[];
};

/**
 * Records what was decided on a conversation as it was known; the events table is the outbox. Where the row is held
 * (`tx.last`) it is as known; without (`sql.run`, one trip in all) somebody may have been faster.
 * @returns what to announce after the commit; null, and nothing is recorded, where the conversation has changed since
 */
export const recordUnlessChanged = async (
  query: Query,
  known: Conversation,
  recording: Recording,
  by: { actor: Pick<Actor, 'kind' | 'id'>; now: Date },
): Promise<Recorded | null> => {
  const { updates = [], events = [], change } = recording;
  const log = updates.map(
    ({ turn, kind, textDelta }): LogEntry => ({
      kind,
      textDelta: textDelta ?? null,
      turn: turnAt(turn, kind, turn.text.length),
    }),
  );
  const stored = events.map(({ type, data }) => ({ id: uuidv7(), type, data: JSON.stringify(data) }));
  const actor = JSON.stringify({ kind: by.actor.kind, id: by.actor.id });
  const { text, values } = recordStatement(known, recording, log, stored, { actor, now: by.now });
  const [row] = await query<RecordedRow>(text, values).catch(nothingWhereVersionIsTaken);
  if (row === undefined) return null;
  const { claimFor: leaseOwner = known.leaseOwner } = recording;
  const conversation: Conversation = { ...known, leaseOwner, ...recording.conversation, ...row };
  const conversationId = known.id;
  return {
    conversation,
    turns: log.map(({ turn, kind, textDelta }, index) => ({
      conversationId,
      position: row.updatePosition - log.length + index + 1,
      kind,
      textDelta,
      turn: { ...turn, conversation },
    })),
    changes: change === undefined ? [] : [{ conversationId, position: row.changePosition, ...change }],
  };
};

/** Where the row is not held, somebody may record an event and change nothing that is compared: its version is then taken. */
const nothingWhereVersionIsTaken = (error: unknown): [] => {
  const { code, table } = error as { code?: string; table?: string };
  if (code === '23505' && table === 'event') return [];
  throw error;
};

/** The same where the transaction holds the conversation's row. */
export const record = async (...given: Parameters<typeof recordUnlessChanged>): Promise<Recorded> => {
  const recorded = await recordUnlessChanged(...given);
  if (recorded === null) throw new Error('the conversation is gone');
  return recorded;
};
