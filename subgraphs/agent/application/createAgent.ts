import { requireActor } from '@parley/kernel/builder';
import { appendEvents } from '@parley/kernel/eventStore';
import { uuidv7 } from '@parley/kernel/id';
import { type AgentInput, decideSettings } from '../domain/agent.ts';
import type { AgentCreated } from '../events.ts';
import { insertAgent } from '../infrastructure/agents.ts';
import { transaction } from '../infrastructure/database.ts';
import { checkReferences } from './checkReferences.ts';
import type { Caller, Parts } from './parts.ts';

/**
 * @returns the new agent's id
 * @throws Refusal INVALID_INPUT, NOT_FOUND
 */
export const createAgent = async (parts: Parts, caller: Caller, input: AgentInput): Promise<string> => {
  const actor = requireActor(caller);
  const settings = decideSettings(null, input, await checkReferences(parts, caller, actor, input));
  const agentId = uuidv7();
  const now = parts.clock();
  const { locale, voiceId, knowledgeBaseId } = settings;
  const event: AgentCreated = { type: 'agent.AgentCreated', data: { agentId, locale, voiceId, knowledgeBaseId } };
  await transaction(parts.database.forTenant(actor.tenantId), async (tx) => {
    await insertAgent(tx, actor.tenantId, agentId, settings, now);
    await appendEvents(tx, 'agent', [{ aggregateId: agentId, event }], { actor, now });
  });
  parts.eventsCommitted();
  return agentId;
};
