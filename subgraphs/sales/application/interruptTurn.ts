import { type Actor, mayTouchConversation, serviceActor } from '@parley/kernel/actor';
import { isUuid } from '@parley/kernel/database';
import { Refusal } from '@parley/kernel/refusal';
import { interruptTurn as decide } from '../domain/interruption.ts';
import { countWords } from '../domain/message.ts';
import { lockConversation } from '../infrastructure/conversations.ts';
import { sealFor } from '../infrastructure/personalText.ts';
import { cutTurnAudio, turnAudioTiming } from '../infrastructure/speech.ts';
import { appendTurnUpdates } from '../infrastructure/turnUpdates.ts';
import { announce, record, type Sales, transaction } from './sales.ts';

/**
 * Barge-in: the turn is INTERRUPTED, its spoken text cut at the last word played, and nothing more is said in it.
 * @throws Refusal NOT_FOUND, INVALID_INPUT, TURN_NOT_INTERRUPTIBLE
 */
export const interruptTurn = async (
  sales: Sales,
  actor: Actor,
  input: { turnId: string; playedMs: number },
): Promise<void> => {
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
  const timing = await turnAudioTiming(sales.voice, service, input.turnId);
  const now = sales.clock();
  const check = async (tx: Pick<typeof client, 'turn'>) => {
    const turn = await tx.turn.findUniqueOrThrow({ where: { tenantId_id: { tenantId, id: input.turnId } } });
    const later = await tx.turn.count({
      where: { conversationId: turn.conversationId, role: 'AGENT', sequence: { gt: turn.sequence } },
    });
    decide({ ...turn, isLatestAgentTurn: later === 0 }, timing, { playedMs: input.playedMs, now });
    return turn;
  };
  await check(client);
  // First silence it, then record it: voice makes nothing more for this turn, whatever happens next.
  const { spokenText } = await cutTurnAudio(sales.voice, service, input);

  const updates = await transaction(client, async (tx) => {
    const conversation = await lockConversation(tx, found.conversationId);
    await check(tx);
    const turn = await tx.turn.update({
      where: { tenantId_id: { tenantId, id: input.turnId } },
      data: { state: 'INTERRUPTED', spokenText, completedAt: now },
    });
    const appended = await appendTurnUpdates(tx, conversation.id, [{ kind: 'INTERRUPTED', turn }]);
    const seal = sealFor(sales.cipher, tx, tenantId, conversation.contactId ?? conversation.id);
    await record(
      tx,
      conversation.id,
      [
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
      { actor, now },
    );
    return appended;
  });
  await announce(sales, tenantId, { turns: updates });
};
