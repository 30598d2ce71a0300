import type { Actor } from '@parley/kernel/actor';
import type { SqlTransaction } from '@parley/kernel/sql';
import { countWords } from '../domain/message.ts';
import type { Conversation, Turn } from '../generated/prisma/client.ts';
import { findTurn, lockConversation } from '../infrastructure/conversations.ts';
import { sealFor } from '../infrastructure/personalText.ts';
import { record } from '../infrastructure/record.ts';
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

/** The reply's turn with its first words, what was understood of the customer's turn, and the phase this leads to. */
export const beginReply = async (
  sales: Sales,
  actor: Actor,
  input: { message: Turn; turnId: string; understood: Understood; firstDelta: string; owner: string },
): Promise<TurnOfConversation> => {
  const { message, understood, firstDelta, turnId } = input;
  const { tenantId } = actor;
  const { conversationId } = message;
  const { intent, sentiment, objection, phase } = understood;
  const now = sales.clock();
  const timeToFirstToken = Math.max(0, now.getTime() - message.createdAt.getTime());

  const recorded = await sales.database.sql(tenantId).transaction(async (tx) => {
    const conversation = await lockOurs(tx, conversationId, input.owner);
    const sequence = conversation.turnCount + 1;
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
    return record(
      tx,
      conversationId,
      {
        newTurn: turn,
        changedTurns: [
          {
            id: message.id,
            intentName: intent.name,
            intentConfidence: intent.confidence,
            intentOutOfScope: intent.outOfScope,
            sentiment,
            objection,
          },
        ],
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
      },
      { actor, now },
    );
  });
  await announce(sales, tenantId, recorded);
  const begun = recorded.turns.at(-1)?.turn;
  if (begun === undefined) throw new Error('the reply was not begun');
  return begun;
};

const factsOf = ({ name, confidence, outOfScope }: Understood['intent']) => ({ name, confidence, outOfScope });

/** The reply's text is whole. @returns the turn as it is now (it may have been interrupted meanwhile) */
export const completeReply = async (
  sales: Sales,
  actor: Actor,
  turn: Turn,
  receivedAt: Date,
  owner: string,
): Promise<Turn> => {
  const { tenantId } = actor;
  const { conversationId } = turn;
  const now = sales.clock();
  const done = await sales.database.sql(tenantId).transaction(async (tx) => {
    const [conversation, current] = await Promise.all([lockOurs(tx, conversationId, owner), findTurn(tx, turn.id)]);
    if (current === null) throw new Error('the reply is gone');
    if (current.state !== 'STREAMING') return { turn: current, recorded: {} };
    const changed = {
      id: turn.id,
      state: 'COMPLETED',
      completedAt: now,
      totalMs: Math.max(0, now.getTime() - receivedAt.getTime()),
    } as const;
    const completed = { ...current, ...changed };
    const seal = sealFor(sales.cipher, tx, tenantId, conversation.contactId ?? conversation.id);
    const recorded = await record(
      tx,
      conversationId,
      {
        changedTurns: [changed],
        updates: [{ kind: 'COMPLETED', turn: completed }],
        events: [
          {
            type: 'sales.TurnCompleted',
            data: {
              conversationId,
              turnId: turn.id,
              sequence: turn.sequence,
              text: await seal('sales.TurnCompleted.text', completed.text),
              wordCount: countWords(completed.text),
              totalMs: changed.totalMs,
            },
          },
        ],
      },
      { actor, now },
    );
    return { turn: completed, recorded };
  });
  await announce(sales, tenantId, done.recorded);
  return done.turn;
};

/** The reply is finished: its audio is made, or will never be. The conversation waits for one reply less. */
export const completeVoice = async (
  sales: Sales,
  actor: Actor,
  turn: Turn,
  spoken: Spoken,
  owner: string,
): Promise<void> => {
  const { tenantId } = actor;
  const { conversationId } = turn;
  const ended = await sales.database.sql(tenantId).transaction(async (tx) => {
    const [conversation, current] = await Promise.all([lockOurs(tx, conversationId, owner), findTurn(tx, turn.id)]);
    if (current === null || current.voiced) return false;
    const { timeToFirstAudio, durationMs } = spoken;
    await record(
      tx,
      conversationId,
      {
        changedTurns: [{ id: turn.id, voiced: true, timeToFirstAudio }],
        conversation: { pendingReplies: conversation.pendingReplies - 1 },
        events: [{ type: 'sales.TurnVoiced', data: { conversationId, turnId: turn.id, durationMs, timeToFirstAudio } }],
      },
      { actor, now: sales.clock() },
    );
    return conversation.status === 'ENDED';
  });
  await announce(sales, tenantId, {});
  if (ended) await announceEnd(sales, tenantId, conversationId);
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
      tx,
      conversationId,
      {
        ...(isNew ? { newTurn: turn } : { changedTurns: [changed] }),
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
