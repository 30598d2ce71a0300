import { type Actor, mayTouchConversation } from '@parley/kernel/actor';
import { uuidv7 } from '@parley/kernel/id';
import { Refusal } from '@parley/kernel/refusal';
import { receiveTurn } from '../domain/conversation.ts';
import { checkMessage, countWords } from '../domain/message.ts';
import type { Turn } from '../generated/prisma/client.ts';
import { conversationNotFound, findTurnByClientMessage, lockConversation } from '../infrastructure/conversations.ts';
import { sealFor } from '../infrastructure/personalText.ts';
import { record } from '../infrastructure/record.ts';
import { historySoFar, type Unanswered } from '../infrastructure/replies.ts';
import { announce, type Sales } from './sales.ts';

export type SendMessageInput = { conversationId: string; text: string; clientMessageId: string | null };

/**
 * Stores the customer's turn, whole, and asks for its reply. The same `clientMessageId` never makes a second turn.
 * @returns the turn
 * @throws Refusal NOT_FOUND, INVALID_INPUT, CONVERSATION_ENDED, CONFLICT
 */
export const sendMessage = async (sales: Sales, actor: Actor, input: SendMessageInput): Promise<Turn> => {
  const over = sales.foreground.begin();
  return receive(sales, actor, input).finally(over);
};

const receive = async (sales: Sales, actor: Actor, input: SendMessageInput): Promise<Turn> => {
  const { tenantId } = actor;
  if (!mayTouchConversation(actor, input.conversationId)) throw conversationNotFound();
  checkMessage(input.text);
  checkClientMessageId(input.clientMessageId);
  const now = sales.clock();

  const outcome = await sales.database.sql(tenantId).transaction(async (tx) => {
    const [conversation, history, sent] = await Promise.all([
      lockConversation(tx, input.conversationId),
      historySoFar(tx, input.conversationId),
      input.clientMessageId === null ? null : findTurnByClientMessage(tx, input.conversationId, input.clientMessageId),
    ]);
    if (sent !== null) return { turn: sentBefore(sent, input), recorded: null, taken: null };
    const { sequence } = receiveTurn(conversation);
    const turn = customerTurn(tenantId, input, sequence, now);
    // Nobody is at work here: the reply is ours, and all it takes is at hand.
    const isFree = conversation.leaseOwner === null && conversation.pendingReplies === 0;
    const seal = sealFor(sales.cipher, tx.query, tenantId, conversation.contactId ?? conversation.id);
    const recorded = await record(
      tx.last,
      conversation,
      {
        newTurn: turn,
        conversation: { turnCount: sequence, pendingReplies: conversation.pendingReplies + 1 },
        ...(isFree ? { claimFor: sales.worker } : {}),
        updates: [
          { kind: 'STARTED', turn: { ...turn, text: '' } },
          { kind: 'DELTA', textDelta: turn.text, turn },
          { kind: 'COMPLETED', turn },
        ],
        events: [
          {
            type: 'sales.TurnReceived',
            data: {
              conversationId: conversation.id,
              turnId: turn.id,
              sequence,
              text: await seal('sales.TurnReceived.text', turn.text),
              wordCount: countWords(turn.text),
              clientMessageId: input.clientMessageId,
            },
          },
        ],
      },
      { actor, now },
    );
    const taken: Unanswered | null = isFree
      ? { conversation: recorded.conversation, message: turn, reply: null, history }
      : null;
    return { turn, recorded, taken };
  });
  if (outcome.recorded !== null) {
    sales.replyWanted(tenantId, input.conversationId, outcome.taken);
    await announce(sales, tenantId, outcome.recorded);
  }
  return outcome.turn;
};

const checkClientMessageId = (id: string | null): void => {
  if (id === null || /^[\x21-\x7e]{1,128}$/.test(id)) return;
  throw new Refusal('INVALID_INPUT', 'clientMessageId is not usable.', {
    issues: [{ path: ['clientMessageId'], message: 'must be 1 to 128 printable ASCII characters without spaces' }],
  });
};

/** An earlier try of the same message has made this turn. @throws Refusal CONFLICT */
const sentBefore = (sent: Turn, input: SendMessageInput): Turn => {
  if (sent.text !== input.text) {
    throw new Refusal('CONFLICT', 'This clientMessageId was used for another message.', {
      issues: [{ path: ['clientMessageId'], message: 'belongs to a message with another text' }],
    });
  }
  return sent;
};

const customerTurn = (tenantId: string, input: SendMessageInput, sequence: number, now: Date): Turn => ({
  tenantId,
  id: uuidv7(),
  conversationId: input.conversationId,
  sequence,
  role: 'CUSTOMER',
  state: 'COMPLETED',
  text: input.text,
  spokenText: null,
  inReplyToId: null,
  clientMessageId: input.clientMessageId,
  intentName: null,
  intentConfidence: null,
  intentOutOfScope: null,
  sentiment: null,
  objection: null,
  timeToFirstToken: null,
  timeToFirstAudio: null,
  totalMs: null,
  voiced: false,
  createdAt: now,
  completedAt: now,
});
