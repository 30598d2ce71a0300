import { type Actor, mayTouchConversation } from '@parley/kernel/actor';
import { isUuid } from '@parley/kernel/database';
import { ServiceError } from '@parley/kernel/serviceError';
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
  const answer = await sales.execute({ query, variables: { id }, actor, requestId });
  if (answer.errors?.length) throw new ServiceError('sales', answer);
  return (answer.data as { conversation: { id: string } | null } | undefined)?.conversation?.id === id;
};
