import { type Actor, mayTouchConversation } from '@parley/kernel/actor';
import { endConversation as decide } from '../domain/conversation.ts';
import type { Outcome } from '../events.ts';
import { conversationNotFound, lockConversation } from '../infrastructure/conversations.ts';
import { record } from '../infrastructure/record.ts';
import { announce, announceEnd, type Sales } from './sales.ts';

/**
 * Ends the conversation: no message is accepted any more; what was accepted is still answered.
 * @throws Refusal NOT_FOUND, CONVERSATION_ENDED
 */
export const endConversation = async (
  sales: Sales,
  actor: Actor,
  input: { conversationId: string; outcome: Outcome },
): Promise<void> => {
  const { tenantId } = actor;
  if (!mayTouchConversation(actor, input.conversationId)) throw conversationNotFound();
  const now = sales.clock();
  const recorded = await sales.database.sql(tenantId).transaction(async (tx) => {
    const conversation = await lockConversation(tx, input.conversationId);
    const { outcome } = decide(conversation, input.outcome);
    return record(
      tx.last,
      conversation,
      {
        conversation: { status: 'ENDED', outcome, endedAt: now },
        change: { status: 'ENDED', phase: conversation.phase, outcome },
        events: [{ type: 'sales.ConversationEnded', data: { conversationId: conversation.id, outcome } }],
      },
      { actor, now },
    );
  });
  await announce(sales, tenantId, recorded);
  await announceEnd(sales, tenantId, input.conversationId);
};
