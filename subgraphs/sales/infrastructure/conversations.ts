import { isUuid } from '@parley/kernel/database';
import { Refusal } from '@parley/kernel/refusal';
import type { Conversation } from '../domain/conversation.ts';
import type { ConversationPhase, ConversationStatus, Outcome } from '../events.ts';
import type { Tx } from './database.ts';

export type LockedConversation = Conversation & {
  readonly agentId: string;
  readonly locale: string;
  readonly contactId: string | null;
  readonly updatePosition: number;
  readonly changePosition: number;
  readonly outcome: Outcome | null;
};

export const conversationNotFound = () => new Refusal('NOT_FOUND', 'There is no such conversation.');

/**
 * Loads the conversation and holds its row until the transaction ends: turns, updates and events of one conversation
 * are recorded one command after the other, so their sequences have no gap.
 * @throws Refusal NOT_FOUND, also for another organization's
 */
export const lockConversation = async (tx: Tx, id: string): Promise<LockedConversation> => {
  if (!isUuid(id)) throw conversationNotFound();
  const [row] = await tx.$queryRaw<
    {
      id: string;
      status: ConversationStatus;
      phase: ConversationPhase;
      outcome: Outcome | null;
      turnCount: number;
      agentId: string;
      locale: string;
      contactId: string | null;
      updatePosition: number;
      changePosition: number;
    }[]
  >`SELECT id, status::text, phase::text, outcome::text, turn_count AS "turnCount", agent_id AS "agentId", locale, contact_id AS "contactId",
      update_position AS "updatePosition", change_position AS "changePosition"
    FROM sales.conversation WHERE tenant_id = platform.tenant_id() AND id = ${id}::uuid FOR UPDATE`;
  if (row === undefined) throw conversationNotFound();
  return row;
};

/** Records a change of status, phase or outcome as the next entry of the conversation's change log. @returns its position */
export const recordChange = async (
  tx: Tx,
  tenantId: string,
  conversation: LockedConversation,
  change: { status?: ConversationStatus; phase?: ConversationPhase; outcome?: Outcome; endedAt?: Date },
): Promise<ConversationChangeMessage> => {
  const position = conversation.changePosition + 1;
  await tx.conversation.update({
    where: { tenantId_id: { tenantId, id: conversation.id } },
    data: { ...change, changePosition: position },
    select: { id: true },
  });
  const message = {
    conversationId: conversation.id,
    position,
    status: change.status ?? conversation.status,
    phase: change.phase ?? conversation.phase,
    outcome: change.outcome ?? conversation.outcome,
  };
  await tx.conversationChange.create({ data: { tenantId, ...message }, select: { position: true } });
  return message;
};

/** What `conversationUpdated` shows of one change. */
export type ConversationChangeMessage = {
  readonly conversationId: string;
  readonly position: number;
  readonly status: ConversationStatus;
  readonly phase: ConversationPhase;
  readonly outcome: Outcome | null;
};

export const changesChannel = (tenantId: string, conversationId: string) =>
  `sales:${tenantId}:changes:${conversationId}`;
