import type { Actor } from '@parley/kernel/actor';
import { countWords } from '../domain/message.ts';
import type { SalesEvent } from '../events.ts';
import type { Turn } from '../generated/prisma/client.ts';
import { lockConversation, recordChange } from '../infrastructure/conversations.ts';
import type { Tx } from '../infrastructure/database.ts';
import { sealFor } from '../infrastructure/personalText.ts';
import type { Understood } from '../infrastructure/replySource.ts';
import { appendTurnUpdates, TurnClosed, type TurnOfConversation } from '../infrastructure/turnUpdates.ts';
import { announce, announceEnd, record, type Sales, transaction } from './sales.ts';
import type { Spoken } from './speakReply.ts';

/** @throws TurnClosed when another process holds the conversation: what we know of it is out of date */
const stillOurs = async (tx: Tx, tenantId: string, conversationId: string, owner: string): Promise<void> => {
  const ours = await tx.conversation.count({ where: { tenantId, id: conversationId, leaseOwner: owner } });
  if (ours === 0) throw new TurnClosed();
};

/** The reply's turn with its first words, what was understood of the customer's turn, and the phase this leads to. */
export const beginReply = async (
  sales: Sales,
  actor: Actor,
  input: { message: Turn; turnId: string; understood: Understood; firstDelta: string; owner: string },
): Promise<TurnOfConversation> => {
  const { message, understood, firstDelta } = input;
  const { tenantId } = actor;
  const { conversationId } = message;
  const now = sales.clock();
  const timeToFirstToken = Math.max(0, now.getTime() - message.createdAt.getTime());

  const begun = await transaction(sales.database.forTenant(tenantId), async (tx) => {
    const conversation = await lockConversation(tx, conversationId);
    await stillOurs(tx, tenantId, conversationId, input.owner);
    const sequence = conversation.turnCount + 1;
    await tx.conversation.update({
      where: { tenantId_id: { tenantId, id: conversationId } },
      data: { turnCount: sequence },
      select: { id: true },
    });
    await tx.turn.update({
      where: { tenantId_id: { tenantId, id: message.id } },
      data: {
        intentName: understood.intent.name,
        intentConfidence: understood.intent.confidence,
        intentOutOfScope: understood.intent.outOfScope,
        sentiment: understood.sentiment,
        objection: understood.objection,
      },
      select: { id: true },
    });
    const turn = await tx.turn.create({
      data: {
        tenantId,
        id: input.turnId,
        conversationId,
        sequence,
        role: 'AGENT',
        state: 'STREAMING',
        text: firstDelta,
        inReplyToId: message.id,
        timeToFirstToken,
        createdAt: now,
      },
    });
    const turns = await appendTurnUpdates(tx, conversationId, [
      { kind: 'STARTED', turn: { ...turn, text: '' } },
      { kind: 'DELTA', textDelta: firstDelta, turn },
    ]);
    const events: SalesEvent[] = [
      {
        type: 'sales.ReplyStarted',
        data: {
          conversationId,
          turnId: turn.id,
          sequence,
          inReplyTo: message.id,
          ...understoodFacts(understood),
          timeToFirstToken,
        },
      },
    ];
    const changes = [];
    if (understood.phase !== conversation.phase) {
      changes.push(await recordChange(tx, tenantId, conversation, { phase: understood.phase }));
      events.push({
        type: 'sales.PhaseChanged',
        data: { conversationId, from: conversation.phase, to: understood.phase },
      });
    }
    await record(tx, conversationId, events, { actor, now });
    return { turn, turns, changes };
  });
  await announce(sales, tenantId, begun);
  return begun.turns.at(-1)?.turn ?? begun.turn;
};

const understoodFacts = ({ intent, sentiment, objection }: Understood) => ({
  intent: { name: intent.name, confidence: intent.confidence, outOfScope: intent.outOfScope },
  sentiment,
  objection,
});

/** The reply's text is whole. @returns the turn as it is now (it may have been interrupted meanwhile) */
export const completeReply = async (sales: Sales, actor: Actor, turn: Turn, owner: string): Promise<Turn> => {
  const { tenantId } = actor;
  const now = sales.clock();
  const done = await transaction(sales.database.forTenant(tenantId), async (tx) => {
    const conversation = await lockConversation(tx, turn.conversationId);
    await stillOurs(tx, tenantId, turn.conversationId, owner);
    const stored = await tx.turn.findUniqueOrThrow({
      where: { tenantId_id: { tenantId, id: turn.id } },
      include: { inReplyTo: { select: { createdAt: true } } },
    });
    const { inReplyTo, ...current } = stored;
    if (current.state !== 'STREAMING') return { turn: current, turns: [] };
    const totalMs = Math.max(0, now.getTime() - (inReplyTo?.createdAt ?? current.createdAt).getTime());
    const completed = await tx.turn.update({
      where: { tenantId_id: { tenantId, id: turn.id } },
      data: { state: 'COMPLETED', completedAt: now, totalMs },
    });
    const turns = await appendTurnUpdates(tx, turn.conversationId, [{ kind: 'COMPLETED', turn: completed }]);
    const seal = sealFor(sales.cipher, tx, tenantId, conversation.contactId ?? conversation.id);
    await record(
      tx,
      turn.conversationId,
      [
        {
          type: 'sales.TurnCompleted',
          data: {
            conversationId: turn.conversationId,
            turnId: turn.id,
            sequence: turn.sequence,
            text: await seal('sales.TurnCompleted.text', completed.text),
            wordCount: countWords(completed.text),
            totalMs,
          },
        },
      ],
      { actor, now },
    );
    return { turn: completed, turns };
  });
  await announce(sales, tenantId, done);
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
  const ended = await transaction(sales.database.forTenant(tenantId), async (tx) => {
    const { status } = await lockConversation(tx, conversationId);
    await stillOurs(tx, tenantId, conversationId, owner);
    const { count } = await tx.turn.updateMany({
      where: { tenantId, id: turn.id, voiced: false },
      data: { voiced: true, timeToFirstAudio: spoken.timeToFirstAudio },
    });
    if (count === 0) return false;
    await tx.conversation.update({
      where: { tenantId_id: { tenantId, id: conversationId } },
      data: { pendingReplies: { decrement: 1 } },
      select: { id: true },
    });
    await record(
      tx,
      conversationId,
      [{ type: 'sales.TurnVoiced', data: { conversationId, turnId: turn.id, ...spoken } }],
      { actor, now: sales.clock() },
    );
    return status === 'ENDED';
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
  const turns = await transaction(sales.database.forTenant(tenantId), async (tx) => {
    const conversation = await lockConversation(tx, conversationId);
    await stillOurs(tx, tenantId, conversationId, owner);
    const existing = await tx.turn.findUnique({ where: { tenantId_id: { tenantId, id: turnId } } });
    const changed = { state: 'FAILED', voiced: true, completedAt: now } as const;
    const sequence = conversation.turnCount + 1;
    const turn =
      existing === null
        ? await tx.turn.create({
            data: {
              tenantId,
              id: turnId,
              conversationId,
              sequence,
              role: 'AGENT',
              text: '',
              inReplyToId: message.id,
              createdAt: now,
              ...changed,
            },
          })
        : await tx.turn.update({ where: { tenantId_id: { tenantId, id: turnId } }, data: changed });
    await tx.conversation.update({
      where: { tenantId_id: { tenantId, id: conversationId } },
      data: { pendingReplies: { decrement: 1 }, ...(existing === null ? { turnCount: sequence } : {}) },
      select: { id: true },
    });
    const started = existing === null ? [{ kind: 'STARTED' as const, turn }] : [];
    const appended = await appendTurnUpdates(tx, conversationId, [...started, { kind: 'FAILED', turn }]);
    await record(
      tx,
      conversationId,
      [{ type: 'sales.TurnFailed', data: { conversationId, turnId, reason: 'REPLY_UNAVAILABLE' } }],
      { actor, now },
    );
    return appended;
  });
  await announce(sales, tenantId, { turns });
};
