import { type Actor, mayTouchConversation, serviceActor } from '@parley/kernel/actor';
import { isUuid } from '@parley/kernel/database';
import { Refusal } from '@parley/kernel/refusal';
import type { SqlTransaction } from '@parley/kernel/sql';
import { interruptTurn as decide } from '../domain/interruption.ts';
import { countWords } from '../domain/message.ts';
import { findTurn, latestAgentTurnId, lockConversation } from '../infrastructure/conversations.ts';
import { sealFor } from '../infrastructure/personalText.ts';
import { record } from '../infrastructure/record.ts';
import { cutTurnAudio, turnAudioTiming } from '../infrastructure/speech.ts';
import type { TurnOfConversation } from '../infrastructure/turnUpdates.ts';
import { announce, type Sales } from './sales.ts';

/**
 * Barge-in: the turn is INTERRUPTED, its spoken text cut at the last word played, and nothing more is said in it.
 * @throws Refusal NOT_FOUND, INVALID_INPUT, TURN_NOT_INTERRUPTIBLE
 */
export const interruptTurn = async (
  sales: Sales,
  actor: Actor,
  input: { turnId: string; playedMs: number },
): Promise<TurnOfConversation> => {
  const { tenantId } = actor;
  const unknown = () => new Refusal('NOT_FOUND', 'There is no such turn.');
  if (!isUuid(input.turnId)) throw unknown();
  const client = sales.database.forTenant(tenantId);
  const found = await client.turn.findUnique({
    where: { tenantId_id: { tenantId, id: input.turnId } },
    select: { conversationId: true },
  });
  if (found === null || !mayTouchConversation(actor, found.conversationId)) throw unknown();

  const service = serviceActor('sales', tenantId);
  const timing = await turnAudioTiming(sales.voice, service, input);
  const { spokenText } = timing;
  const now = sales.clock();
  const sql = sales.database.sql(tenantId);
  /** The turn and the newest turn of the agent, once nobody else changes the conversation any more. */
  const check = async (tx: SqlTransaction) => {
    const [conversation, turn, latest] = await Promise.all([
      lockConversation(tx, found.conversationId),
      findTurn(tx, input.turnId),
      latestAgentTurnId(tx, found.conversationId),
    ]);
    if (turn === null) throw unknown();
    decide({ ...turn, isLatestAgentTurn: latest === turn.id }, timing, { playedMs: input.playedMs, now });
    return { conversation, turn };
  };
  const recorded = await sql.transaction(async (tx) => {
    const { conversation, turn } = await check(tx);
    const seal = sealFor(sales.cipher, tx.query, tenantId, conversation.contactId ?? conversation.id);
    const changed = { id: turn.id, state: 'INTERRUPTED', spokenText, completedAt: now } as const;
    return record(
      tx.last,
      conversation,
      {
        changedTurn: changed,
        updates: [{ kind: 'INTERRUPTED', turn: { ...turn, ...changed } }],
        events: [
          {
            type: 'sales.TurnInterrupted',
            data: {
              conversationId: conversation.id,
              turnId: turn.id,
              playedMs: input.playedMs,
              spokenText: await seal('sales.TurnInterrupted.spokenText', spokenText),
              wordCount: countWords(spokenText),
            },
          },
        ],
      },
      { actor, now },
    );
  });
  await announce(sales, tenantId, recorded);
  // Recorded first: should we die here, the turn is interrupted all the same, and whoever takes over says no more of it.
  await cutTurnAudio(sales.voice, service, input).catch((error: unknown) =>
    sales.log.error({ err: error, turnId: input.turnId }, 'the audio of an interrupted turn could not be cut'),
  );
  const interrupted = recorded.turns.at(-1)?.turn;
  if (interrupted === undefined) throw new Error('the interruption was not recorded');
  return interrupted;
};
