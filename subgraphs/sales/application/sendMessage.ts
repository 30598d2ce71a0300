import { type Actor, mayTouchConversation } from '@parley/kernel/actor';
import { uuidv7 } from '@parley/kernel/id';
import { Refusal } from '@parley/kernel/refusal';
import { receiveTurn } from '../domain/conversation.ts';
import { checkMessage, countWords } from '../domain/message.ts';
import type { Turn } from '../generated/prisma/client.ts';
import { conversationNotFound, lockConversation } from '../infrastructure/conversations.ts';
import type { Tx } from '../infrastructure/database.ts';
import { sealFor } from '../infrastructure/personalText.ts';
import { appendTurnUpdates, type TurnUpdateMessage } from '../infrastructure/turnUpdates.ts';
import { announce, record, type Sales, transaction } from './sales.ts';

export type SendMessageInput = { conversationId: string; text: string; clientMessageId: string | null };

/**
 * Stores the customer's turn, whole, and asks for its reply. The same `clientMessageId` never makes a second turn.
 * @returns the turn's id
 * @throws Refusal NOT_FOUND, INVALID_INPUT, CONVERSATION_ENDED, CONFLICT
 */
export const sendMessage = async (sales: Sales, actor: Actor, input: SendMessageInput): Promise<string> => {
  const { tenantId } = actor;
  if (!mayTouchConversation(actor, input.conversationId)) throw conversationNotFound();
  checkMessage(input.text);
  checkClientMessageId(input.clientMessageId);
  const now = sales.clock();

  const outcome = await transaction(sales.database.forTenant(tenantId), async (tx) => {
    const conversation = await lockConversation(tx, input.conversationId);
    const sent = await findSent(tx, conversation.id, input);
    if (sent !== null) return { turnId: sent, updates: [] as TurnUpdateMessage[] };
    const { sequence } = receiveTurn(conversation);

    const turn = await tx.turn.create({ data: customerTurn(tenantId, input, sequence, now) });
    await tx.conversation.update({
      where: { tenantId_id: { tenantId, id: conversation.id } },
      data: { turnCount: sequence, pendingReplies: { increment: 1 } },
      select: { id: true },
    });
    const updates = await appendTurnUpdates(tx, conversation.id, [
      { kind: 'STARTED', turn: { ...turn, text: '' } },
      { kind: 'DELTA', textDelta: turn.text, turn },
      { kind: 'COMPLETED', turn },
    ]);
    const seal = sealFor(sales.cipher, tx, tenantId, conversation.contactId ?? conversation.id);
    await record(
      tx,
      conversation.id,
      [
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
      { actor, now },
    );
    return { turnId: turn.id, updates };
  });
  await announce(sales, tenantId, { turns: outcome.updates });
  if (outcome.updates.length > 0) sales.replyWanted(tenantId, input.conversationId);
  return outcome.turnId;
};

const checkClientMessageId = (id: string | null): void => {
  if (id === null || /^[\x21-\x7e]{1,128}$/.test(id)) return;
  throw new Refusal('INVALID_INPUT', 'clientMessageId is not usable.', {
    issues: [{ path: ['clientMessageId'], message: 'must be 1 to 128 printable ASCII characters without spaces' }],
  });
};

/** The turn that an earlier try of the same message has made. */
const findSent = async (tx: Tx, conversationId: string, input: SendMessageInput): Promise<string | null> => {
  if (input.clientMessageId === null) return null;
  const sent = await tx.turn.findFirst({
    where: { conversationId, clientMessageId: input.clientMessageId },
    select: { id: true, text: true },
  });
  if (sent !== null && sent.text !== input.text) {
    throw new Refusal('CONFLICT', 'This clientMessageId was used for another message.', {
      issues: [{ path: ['clientMessageId'], message: 'belongs to a message with another text' }],
    });
  }
  return sent?.id ?? null;
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
