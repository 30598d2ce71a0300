import type { Actor } from '@parley/kernel/actor';
import { ServiceError } from '@parley/kernel/serviceError';
import type { Subgraph } from '@parley/kernel/subgraph';

const voices = `query VoiceIds($after: String) {
  voices(first: 100, after: $after) { edges { node { id locale } } pageInfo { hasNextPage endCursor } }
}`;
type Answer = {
  voices: { edges: { node: { id: string } }[]; pageInfo: { hasNextPage: boolean; endCursor: string | null } } | null;
};

/**
 * Does the caller have a voice of this id?
 * @throws when voice cannot be asked
 */
export const hasVoice = async (
  voice: Subgraph,
  voiceId: string,
  by: { actor: Actor; requestId: string; signal: AbortSignal },
): Promise<boolean> => {
  let after: string | null = null;
  do {
    const answer = await voice.execute({ query: voices, variables: { after }, ...by });
    const page: Answer['voices'] = (answer.data as Answer | null | undefined)?.voices ?? null;
    if (answer.errors?.length || page === null) throw new ServiceError('voice', answer, 'no voices');
    if (page.edges.some(({ node }) => node.id === voiceId)) return true;
    after = page.pageInfo.hasNextPage ? page.pageInfo.endCursor : null;
  } while (after !== null);
  return false;
};
