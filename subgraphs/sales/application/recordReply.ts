import type { Actor } from '@parley/kernel/actor';
import type { Sealed } from '@parley/kernel/event';
import type { Query, SqlTransaction } from '@parley/kernel/sql';
import { countWords } from '../domain/message.ts';
import type { Conversation, Turn } from '../generated/prisma/client.ts';
import { findTurn, lockConversation } from '../infrastructure/conversations.ts';
import { sealFor } from '../infrastructure/personalText.ts';
import { type Recorded, type Recording, record, recordUnlessChanged } from '../infrastructure/record.ts';
import type { Understood } from '../infrastructure/replySource.ts';
import { TurnClosed, type TurnOfConversation } from '../infrastructure/turnUpdates.ts';
import { announce, announceEnd, type Sales } from './sales.ts';
import type { Spoken } from './speakReply.ts';

/** @throws TurnClosed when another process holds the conversation: what we know of it is out of date */
const lockOurs = async (tx: SqlTransaction, conversationId: string, owner: string): Promise<Conversation> => {
  const conversation = await lockConversation(tx, conversationId);
  if (conversation.leaseOwner !== owner) throw new TurnClosed();
  return conversation;
};

const noTurn: Omit<Turn, 'tenantId' | 'id' | 'conversationId' | 'sequence' | 'inReplyToId' | 'createdAt'> = {
  role: 'AGENT',
  state: 'STREAMING',
  text: '',
  spokenText: null,
  clientMessageId: null,
  intentName: null,
  intentConfidence: null,
  intentOutOfScope: null,
  sentiment: null,
  objection: null,
  timeToFirstToken: null,
  timeToFirstAudio: null,
  totalMs: null,
  voiced: false,
  completedAt: null,
};

/**
 * Records what is decided on the conversation as it is known: in one trip, and where it has changed since, once more
 * with its row held. @throws TurnClosed
 */
const recordOurs = async (
  sales: Sales,
  actor: Actor,
  known: Conversation,
  owner: string,
  decide: (conversation: Conversation) => Recording,
): Promise<Recorded> => {
  const sql = sales.database.sql(actor.tenantId);
  const by = { actor, now: sales.clock() };
  const recorded = known.leaseOwner === owner ? await recordUnlessChanged(sql.run, known, decide(known), by) : null;
  if (recorded !== null) return recorded;
  return sql.transaction(async (tx) => {
    const conversation = await lockOurs(tx, known.id, owner);
    return record(tx.last, conversation, decide(conversation), by);
  });
};

export type BeginReply = {
  /** As it was when the message was taken up. */
  readonly conversation: Conversation;
  readonly message: Turn;
  readonly turnId: string;
  readonly understood: Understood;
  readonly firstDelta: string;
  readonly owner: string;
};

/** The reply's turn with its first words, what was understood of the customer's turn, and the phase this leads to. */
export const beginReply = async (sales: Sales, actor: Actor, input: BeginReply): Promise<TurnOfConversation> => {
  const now = sales.clock();
  const recorded = await recordOurs(sales, actor, input.conversation, input.owner, (conversation) =>
    beginning(conversation, input, now),
  );
  await announce(sales, actor.tenantId, recorded);
  const begun = recorded.turns.at(-1)?.turn;
  if (begun === undefined) throw new Error('the reply was not begun');
  return begun;
};

const beginning = (
  conversation: Conversation,
  { message, turnId, understood: { intent, sentiment, objection, phase }, firstDelta }: BeginReply,
  now: Date,
): Recording => {
  const { id: conversationId, tenantId } = conversation;
  const sequence = conversation.turnCount + 1;
  const timeToFirstToken = Math.max(0, now.getTime() - message.createdAt.getTime());
  const turn: Turn = {
    ...noTurn,
    tenantId,
    id: turnId,
    conversationId,
    sequence,
    text: firstDelta,
    inReplyToId: message.id,
    timeToFirstToken,
    createdAt: now,
  };
  const moved = phase !== conversation.phase;
  return {
    newTurn: turn,
    changedTurn: {
      id: message.id,
      intentName: intent.name,
      intentConfidence: intent.confidence,
      intentOutOfScope: intent.outOfScope,
      sentiment,
      objection,
    },
    conversation: { turnCount: sequence, phase },
    updates: [
      { kind: 'STARTED', turn: { ...turn, text: '' } },
      { kind: 'DELTA', textDelta: firstDelta, turn },
    ],
    ...(moved ? { change: { status: conversation.status, phase, outcome: conversation.outcome } } : {}),
    events: [
      {
        type: 'sales.ReplyStarted',
        data: {
          conversationId,
          turnId,
          sequence,
          inReplyTo: message.id,
          intent: factsOf(intent),
          sentiment,
          objection,
          timeToFirstToken,
        },
      },
      ...(moved
        ? [{ type: 'sales.PhaseChanged' as const, data: { conversationId, from: conversation.phase, to: phase } }]
        : []),
    ],
  };
};

const factsOf = ({ name, confidence, outOfScope }: Understood['intent']) => ({ name, confidence, outOfScope });

/** The reply's text is whole. @returns the turn as it is now (it may have been interrupted meanwhile) */
export const completeReply = async (
  sales: Sales,
  actor: Actor,
  turn: TurnOfConversation,
  receivedAt: Date,
  owner: string,
): Promise<TurnOfConversation> => {
  const { tenantId } = actor;
  const now = sales.clock();
  const by = { actor, now };
  const sql = sales.database.sql(tenantId);
  const completing = async (query: Query, conversation: Conversation, current: Turn): Promise<Recording> => {
    const seal = sealFor(sales.cipher, query, tenantId, conversation.contactId ?? conversation.id);
    return completion(current, await seal('sales.TurnCompleted.text', current.text), receivedAt, now);
  };
  const known = turn.conversation;
  let recorded =
    known?.leaseOwner === owner
      ? await recordUnlessChanged(sql.run, known, await completing(sql.run, known, turn), by)
      : null;
  if (recorded === null) {
    const done = await sql.transaction(async (tx) => {
      const [conversation, current] = await Promise.all([
        lockOurs(tx, turn.conversationId, owner),
        findTurn(tx, turn.id),
      ]);
      if (current === null) throw new Error('the reply is gone');
      if (current.state !== 'STREAMING') return { ...current, conversation };
      return record(tx.last, conversation, await completing(tx.query, conversation, current), by);
    });
    if ('state' in done) return done;
    recorded = done;
  }
  await announce(sales, tenantId, recorded);
  return recorded.turns.at(-1)?.turn ?? turn;
};

const completion = (turn: Turn, text: Sealed, receivedAt: Date, now: Date): Recording => {
  const { conversationId, id: turnId, sequence } = turn;
  const totalMs = Math.max(0, now.getTime() - receivedAt.getTime());
  const changed = { id: turnId, state: 'COMPLETED', completedAt: now, totalMs } as const;
  return {
    changedTurn: changed,
    updates: [{ kind: 'COMPLETED', turn: { ...turn, ...changed } }],
    events: [
      {
        type: 'sales.TurnCompleted',
        data: { conversationId, turnId, sequence, text, wordCount: countWords(turn.text), totalMs },
      },
    ],
  };
};

/**
 * The reply is finished: its audio is made, or will never be. The conversation waits for one reply less; after the last
 * it is given back. @returns whether it was
 */
export const completeVoice = async (
  sales: Sales,
  actor: Actor,
  turn: Turn,
  spoken: Spoken,
  owner: string,
): Promise<boolean> => {
  const { tenantId } = actor;
  const { conversationId } = turn;
  const { ended, released } = await sales.database.sql(tenantId).transaction(async (tx) => {
    const [conversation, current] = await Promise.all([lockOurs(tx, conversationId, owner), findTurn(tx, turn.id)]);
    if (current === null || current.voiced) return { ended: false, released: false };
    const { timeToFirstAudio, durationMs } = spoken;
    const pendingReplies = conversation.pendingReplies - 1;
    const released = pendingReplies === 0;
    await record(
      tx.last,
      conversation,
      {
        changedTurn: { id: turn.id, voiced: true, timeToFirstAudio },
        conversation: { pendingReplies, ...(released ? { leaseOwner: null, leaseUntil: null } : {}) },
        events: [{ type: 'sales.TurnVoiced', data: { conversationId, turnId: turn.id, durationMs, timeToFirstAudio } }],
      },
      { actor, now: sales.clock() },
    );
    return { ended: conversation.status === 'ENDED', released };
  });
  await announce(sales, tenantId, {});
  if (ended) await announceEnd(sales, tenantId, conversationId);
  return released;
};

/** No reply could be made after several tries: the failed turn is the reply, and says so. */
export const failReply = async (
  sales: Sales,
  actor: Actor,
  message: Turn,
  turnId: string,
  owner: string,
): Promise<void> => {
  const { tenantId } = actor;
  const { conversationId } = message;
  const now = sales.clock();
  const { recorded, ended } = await sales.database.sql(tenantId).transaction(async (tx) => {
    const [conversation, existing] = await Promise.all([lockOurs(tx, conversationId, owner), findTurn(tx, turnId)]);
    const changed = { id: turnId, state: 'FAILED', voiced: true, completedAt: now } as const;
    const isNew = existing === null;
    const sequence = existing?.sequence ?? conversation.turnCount + 1;
    const turn: Turn = {
      ...(existing ?? { ...noTurn, tenantId, conversationId, sequence, inReplyToId: message.id, createdAt: now }),
      ...changed,
    };
    const outcome = await record(
      tx.last,
      conversation,
      {
        ...(isNew ? { newTurn: turn } : { changedTurn: changed }),
        conversation: { pendingReplies: conversation.pendingReplies - 1, ...(isNew ? { turnCount: sequence } : {}) },
        updates: [...(isNew ? [{ kind: 'STARTED' as const, turn }] : []), { kind: 'FAILED', turn }],
        events: [{ type: 'sales.TurnFailed', data: { conversationId, turnId, reason: 'REPLY_UNAVAILABLE' } }],
      },
      { actor, now },
    );
    return { recorded: outcome, ended: conversation.status === 'ENDED' };
  });
  await announce(sales, tenantId, recorded);
  if (ended) await announceEnd(sales, tenantId, conversationId);
};
