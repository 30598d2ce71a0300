import type { Conversation, ConversationState, Turn } from '../domain/conversation.ts';
import type { Conversation as ConversationRow, Turn as TurnRow } from '../generated/prisma/client.ts';
import type { Tx } from './database.ts';

/** A conversation with those of the named turns that exist; null when nothing is known of it. */
export const loadConversation = async (
  tx: Tx,
  tenantId: string,
  id: string,
  turnIds: readonly string[],
): Promise<ConversationState | null> => {
  const row = await tx.conversation.findUnique({ where: { tenantId_id: { tenantId, id } } });
  if (row === null) return null;
  const turns =
    turnIds.length === 0 ? [] : await tx.turn.findMany({ where: { conversationId: id, id: { in: [...turnIds] } } });
  return { conversation: fromRow(row), turns: new Map(turns.map((turn) => [turn.id, turnFromRow(turn)])) };
};

/** Writes the conversation and those of its turns that differ from `before`. */
export const saveConversation = async (
  tx: Tx,
  tenantId: string,
  before: ConversationState | null,
  { conversation, turns }: ConversationState,
): Promise<void> => {
  const row = toRow(tenantId, conversation);
  await tx.conversation.upsert({
    where: { tenantId_id: { tenantId, id: row.id } },
    create: row,
    update: row,
    select: { id: true },
  });
  for (const turn of turns.values()) {
    if (before?.turns.get(turn.id) === turn) continue;
    const turnRow = turnToRow(tenantId, conversation.id, turn);
    await tx.turn.upsert({
      where: { tenantId_conversationId_id: { tenantId, conversationId: conversation.id, id: turn.id } },
      create: turnRow,
      update: turnRow,
      select: { id: true },
    });
  }
};

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
const fromRow = ({ tenantId: _tenantId, ...row }: ConversationRow): Conversation => ({
  ...row,
  startedAt: row.startedAt.toISOString(),
  lastEventAt: row.lastEventAt.toISOString(),
  endedAt: row.endedAt?.toISOString() ?? null,
  agentSpeechMs: Number(row.agentSpeechMs),
  customerWordCount: Number(row.customerWordCount),
});
const turnToRow = (tenantId: string, conversationId: string, turn: Turn): TurnRow => ({
  ...turn,
  tenantId,
  conversationId,
});
const turnFromRow = ({ tenantId: _tenantId, conversationId: _conversationId, ...turn }: TurnRow): Turn => turn;
