import { isUuid } from '@parley/kernel/database';
import { Refusal } from '@parley/kernel/refusal';
import type { SqlTransaction } from '@parley/kernel/sql';
import type { ConversationPhase, ConversationStatus, Outcome } from '../events.ts';
import type { Conversation, Turn } from '../generated/prisma/client.ts';
import { toConversation, toTurn } from './rows.ts';

export const conversationNotFound = () => new Refusal('NOT_FOUND', 'There is no such conversation.');

/**
 * Loads the conversation and holds its row until the transaction ends: turns, updates and events of one conversation
 * are recorded one command after the other, so their sequences have no gap.
 * @throws Refusal NOT_FOUND, also for another organization's
 */
export const lockConversation = async (tx: SqlTransaction, id: string): Promise<Conversation> => {
  if (!isUuid(id)) throw conversationNotFound();
  const [found] = await tx.query<{ row: Record<string, unknown> }>(
    'SELECT to_jsonb(c) AS row FROM sales.conversation c WHERE c.tenant_id = platform.tenant_id() AND c.id = $1::uuid FOR UPDATE',
    [id],
  );
  if (found === undefined) throw conversationNotFound();
  return toConversation(found.row);
};

const turn = 'SELECT to_jsonb(t) AS row FROM sales.turn t WHERE t.tenant_id = platform.tenant_id() AND';
const one = async (found: Promise<{ row: Record<string, unknown> }[]>): Promise<Turn | null> => {
  const [first] = await found;
  return first === undefined ? null : toTurn(first.row);
};
/** Sent behind the lock, it sees what the lock has waited for. */
export const findTurn = (tx: SqlTransaction, id: string): Promise<Turn | null> =>
  one(tx.query(`${turn} t.id = $1::uuid`, [id]));
export const findTurnByClientMessage = (
  tx: SqlTransaction,
  conversationId: string,
  clientMessageId: string,
): Promise<Turn | null> =>
  one(tx.query(`${turn} t.conversation_id = $1::uuid AND t.client_message_id = $2`, [conversationId, clientMessageId]));
export const latestAgentTurnId = async (tx: SqlTransaction, conversationId: string): Promise<string | null> => {
  const [row] = await tx.query<{ id: string }>(
    `SELECT id FROM sales.turn WHERE tenant_id = platform.tenant_id() AND conversation_id = $1::uuid AND role = 'AGENT' ORDER BY sequence DESC LIMIT 1`,
    [conversationId],
  );
  return row?.id ?? null;
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
