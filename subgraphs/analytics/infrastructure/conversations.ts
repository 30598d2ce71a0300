import type { Conversation, ConversationState, Turn } from '../domain/conversation.ts';
import type { Conversation as ConversationRow, Turn as TurnRow } from '../generated/prisma/client.ts';
import type { Tx } from './database.ts';

/** Takes away everything that is derived; what was received stays. */
export const emptyReadModel = (tx: Tx) => tx.conversation.deleteMany();

/** Writes whole conversations into an empty read model. */
export const insertConversations = async (
  tx: Tx,
  tenantId: string,
  states: readonly ConversationState[],
): Promise<void> => {
  await tx.conversation.createMany({ data: states.map(({ conversation }) => toRow(tenantId, conversation)) });
  await tx.turn.createMany({
    data: states.flatMap(({ conversation, turns }) =>
      [...turns.values()].map((turn) => turnToRow(tenantId, conversation.id, turn)),
    ),
  });
};

const toRow = (tenantId: string, conversation: Conversation): ConversationRow => ({
  ...conversation,
  tenantId,
  startedAt: new Date(conversation.startedAt),
  lastEventAt: new Date(conversation.lastEventAt),
  endedAt: conversation.endedAt === null ? null : new Date(conversation.endedAt),
  phases: [...conversation.phases],
  agentSpeechMs: BigInt(conversation.agentSpeechMs),
  customerWordCount: BigInt(conversation.customerWordCount),
});
const turnToRow = (tenantId: string, conversationId: string, turn: Turn): TurnRow => ({
  ...turn,
  tenantId,
  conversationId,
});
