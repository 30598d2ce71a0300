import type { Turn } from '../generated/prisma/client.ts';
import type { Client } from './database.ts';

/** A conversation is worked on by one process at a time; a lease that is not renewed falls to whoever asks next. */
export const leaseMs = 3000;

export const claimConversation = async (client: Client, conversationId: string, owner: string): Promise<boolean> => {
  const claimed = await client.$executeRaw`
    UPDATE sales.conversation SET lease_owner = ${owner}::uuid, lease_until = now() + ${leaseMs}::int * interval '1 millisecond'
    WHERE tenant_id = platform.tenant_id() AND id = ${conversationId}::uuid
      AND (lease_owner IS NULL OR lease_owner = ${owner}::uuid OR lease_until < now())`;
  return claimed === 1;
};

/** Gives the conversation back unless there is still something to answer. @returns whether it was given back */
export const releaseConversation = async (client: Client, conversationId: string, owner: string): Promise<boolean> => {
  const released = await client.$executeRaw`
    UPDATE sales.conversation SET lease_owner = NULL, lease_until = NULL
    WHERE tenant_id = platform.tenant_id() AND id = ${conversationId}::uuid AND lease_owner = ${owner}::uuid AND pending_replies = 0`;
  return released === 1;
};

/** Gives it back although work is left, for another process or a later try. */
export const abandonConversation = (client: Client, conversationId: string, owner: string) =>
  client.$executeRaw`
    UPDATE sales.conversation SET lease_owner = NULL, lease_until = NULL
    WHERE tenant_id = platform.tenant_id() AND id = ${conversationId}::uuid AND lease_owner = ${owner}::uuid`;

/** The oldest customer turn whose reply is not finished (text and audio), with the reply as far as it got. */
export type Unanswered = { readonly message: Turn; readonly reply: Turn | null };

export const nextUnanswered = async (client: Client, conversationId: string): Promise<Unanswered | null> => {
  const row = await client.turn.findFirst({
    where: { conversationId, role: 'CUSTOMER', OR: [{ reply: null }, { reply: { voiced: false } }] },
    orderBy: { sequence: 'asc' },
    include: { reply: true },
  });
  if (row === null) return null;
  const { reply, ...message } = row;
  return { message, reply };
};

/** Conversations of any tenant that wait for a reply and that nobody is working on. */
export const waitingConversations = (recovery: Client): Promise<{ tenantId: string; conversationId: string }[]> =>
  recovery.$queryRaw`
    SELECT tenant_id AS "tenantId", id AS "conversationId" FROM sales.conversation
    WHERE pending_replies > 0 AND (lease_until IS NULL OR lease_until < now()) ORDER BY lease_until NULLS FIRST LIMIT 500`;

/** What was said before a turn, oldest first, at most the last `limit`; an interrupted turn counts as far as it was heard. */
export const historyBefore = async (
  client: Client,
  turn: Turn,
  limit: number,
): Promise<{ role: Turn['role']; text: string }[]> => {
  const rows = await client.turn.findMany({
    where: { conversationId: turn.conversationId, sequence: { lt: turn.sequence }, id: { not: turn.id } },
    orderBy: { sequence: 'desc' },
    take: limit,
    select: { role: true, text: true, spokenText: true },
  });
  return rows.reverse().map(({ role, text, spokenText }) => ({ role, text: spokenText ?? text }));
};
