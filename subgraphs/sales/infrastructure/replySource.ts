import type { Actor } from '@parley/kernel/actor';
import { ServiceError } from '@parley/kernel/serviceError';
import type { Subgraph } from '@parley/kernel/subgraph';
import type { ConversationPhase } from '../events.ts';

export type ReplyInput = {
  readonly conversationId: string;
  readonly inReplyTo: string;
  readonly turnId: string;
  readonly agentId: string;
  readonly locale: string;
  readonly phase: ConversationPhase;
  readonly message: string;
  readonly history: readonly { role: string; text: string }[];
  readonly discloseAi: boolean;
};
export type Understood = {
  readonly intent: { name: string; confidence: number; outOfScope: boolean };
  readonly sentiment: number;
  readonly objection: string | null;
  readonly phase: ConversationPhase;
};
export type ReplyPart =
  | { kind: 'UNDERSTOOD'; understood: Understood; voiceId: string | null }
  | { kind: 'DELTA'; text: string }
  | { kind: 'COMPLETED' };

const replyParts = `subscription Reply($input: ReplyInput!) {
  replyParts(input: $input) { kind text intent { name confidence outOfScope } sentiment objection phase voiceId }
}`;
type Part = Partial<Understood> & { kind: ReplyPart['kind']; text: string | null; voiceId: string | null };

/** The agent's reply as it is made. Asking again for the same turn gives the same text. An abort ends it at once, with an error. */
export async function* streamReply(
  agent: Subgraph,
  actor: Actor,
  input: ReplyInput,
  signal: AbortSignal,
): AsyncGenerator<ReplyPart> {
  let onAbort = (): void => {};
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(new Error('stopping'));
  });
  signal.addEventListener('abort', onAbort, { once: true });
  aborted.catch(() => {});
  const request = { query: replyParts, variables: { input }, actor, requestId: input.turnId, signal };
  let stream: Awaited<ReturnType<Subgraph['subscribe']>> | undefined;
  try {
    stream = await Promise.race([agent.subscribe(request), aborted]);
    for (;;) {
      const { value, done } = await Promise.race([stream.next(), aborted]);
      if (done) return;
      const { data, errors } = value;
      const part = (data as { replyParts?: Part | null } | null | undefined)?.replyParts;
      if (errors?.length || !part) throw new ServiceError('agent', value, 'no reply part');
      const { kind, text, voiceId } = part;
      if (kind === 'UNDERSTOOD') yield { kind, understood: part as unknown as Understood, voiceId };
      else if (kind === 'DELTA') yield { kind, text: text ?? '' };
      else yield { kind };
    }
  } finally {
    signal.removeEventListener('abort', onAbort);
    void stream?.return?.();
  }
}

/** Whoever has not answered by then may be gone without a word. */
const voiceMs = 5000;
const agentVoice = `query AgentVoice($id: ID!) { agent(id: $id) { locale voice { id } } }`;
/** The voice the agent speaks with; null leaves the choice to voice, by locale. */
export const voiceOfAgent = async (agent: Subgraph, actor: Actor, agentId: string): Promise<string | null> => {
  const answer = await agent.execute({
    query: agentVoice,
    variables: { id: agentId },
    actor,
    requestId: agentId,
    signal: AbortSignal.timeout(voiceMs),
  });
  if (answer.errors?.length) throw new ServiceError('agent', answer);
  return (answer.data as { agent: { voice: { id: string } | null } | null } | undefined)?.agent?.voice?.id ?? null;
};
