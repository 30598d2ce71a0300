import { type Actor, mayTouchConversation } from '@parley/kernel/actor';
import { endConversation as decide } from '../domain/conversation.ts';
import type { Outcome } from '../events.ts';
import { conversationNotFound, lockConversation, recordChange } from '../infrastructure/conversations.ts';
import { announce, announceEnd, record, type Sales, transaction } from './sales.ts';

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
  const change = await transaction(sales.database.forTenant(tenantId), async (tx) => {
    const conversation = await lockConversation(tx, input.conversationId);
    const { outcome } = decide(conversation, input.outcome);
    const recorded = await recordChange(tx, tenantId, conversation, { status: 'ENDED', outcome, endedAt: now });
    await record(
      tx,
      conversation.id,
      [{ type: 'sales.ConversationEnded', data: { conversationId: conversation.id, outcome } }],
      { actor, now },
    );
    return recorded;
  });
  await announce(sales, tenantId, { changes: [change] });
  await announceEnd(sales, tenantId, input.conversationId);
};
