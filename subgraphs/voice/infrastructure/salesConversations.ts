import { type Actor, mayTouchConversation } from '@parley/kernel/actor';
import { isUuid } from '@parley/kernel/database';
import type { Subgraph } from '@parley/kernel/subgraph';

const query = 'query AudioConversation($id: ID!) { conversation(id: $id) { id } }';

/** Is there such a conversation, and may the caller see it? Sales decides: it owns conversations. */
export const conversationExists = async (
  sales: Subgraph,
  actor: Actor,
  requestId: string,
  id: string,
): Promise<boolean> => {
  if (!isUuid(id) || !mayTouchConversation(actor, id)) return false;
  const { data, errors } = await sales.execute({ query, variables: { id }, actor, requestId });
  if (errors?.length) throw new Error(`sales: ${errors[0]?.message}`);
  return (data as { conversation: { id: string } | null } | undefined)?.conversation?.id === id;
};
