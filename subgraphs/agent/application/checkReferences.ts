import type { Actor } from '@parley/kernel/actor';
import { isUuid } from '@parley/kernel/database';
import { type AgentInput, type Known, lineProblem } from '../domain/agent.ts';
import { hasVoice } from '../infrastructure/voices.ts';
import type { Caller, Parts } from './parts.ts';

/** A voice that does not answer by then is not waited for. */
const voiceTimeoutMs = 2000;

/** Do the voice and the knowledge base that an input names exist? What is not named counts as there. */
export const checkReferences = async (
  { database, voice, log }: Parts,
  { requestId, signal }: Caller,
  actor: Actor,
  { voiceId, knowledgeBaseId }: AgentInput,
): Promise<Known> => {
  const voiceKnown = async (): Promise<boolean> => {
    if (voiceId == null) return true;
    if (lineProblem(voiceId, 200) !== null) return false;
    const timeout = AbortSignal.timeout(voiceTimeoutMs);
    try {
      const asked = hasVoice(voice, voiceId, {
        actor,
        requestId,
        signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
      });
      return await Promise.race([asked, rejectedBy(timeout)]);
    } catch (error) {
      // Agents can be made while voice is away; a voice that is gone is replaced by the locale's when it speaks.
      log.warn({ err: error, requestId, voiceId }, 'voice did not answer; the agent’s voice is taken unchecked');
      return true;
    }
  };
  const knowledgeBaseKnown = async (): Promise<boolean> => {
    if (knowledgeBaseId == null) return true;
    if (!isUuid(knowledgeBaseId)) return false;
    const { tenantId } = actor;
    const where = { tenantId_id: { tenantId, id: knowledgeBaseId } };
    return (await database.forTenant(tenantId).knowledgeBase.findUnique({ where, select: { id: true } })) !== null;
  };
  const [voiceFound, knowledgeBaseFound] = await Promise.all([voiceKnown(), knowledgeBaseKnown()]);
  return { voice: voiceFound, knowledgeBase: knowledgeBaseFound };
};

const rejectedBy = (signal: AbortSignal): Promise<never> =>
  new Promise((_resolve, reject) =>
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true }),
  );
