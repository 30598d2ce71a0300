import { requireActor } from '@parley/kernel/builder';
import { appendEvents } from '@parley/kernel/eventStore';
import { Refusal } from '@parley/kernel/refusal';
import { type AgentInput, changedSettings, decideSettings } from '../domain/agent.ts';
import type { AgentUpdated } from '../events.ts';
import { lockSettings, saveSettings } from '../infrastructure/agents.ts';
import { transaction } from '../infrastructure/database.ts';
import { checkReferences } from './checkReferences.ts';
import type { Caller, Parts } from './parts.ts';

/** Its next reply is composed with the new settings. @throws Refusal INVALID_INPUT, NOT_FOUND */
export const updateAgent = async (parts: Parts, caller: Caller, agentId: string, input: AgentInput): Promise<void> => {
  const actor = requireActor(caller);
  const { tenantId } = actor;
  const known = await checkReferences(parts, caller, actor, input);
  const now = parts.clock();
  await transaction(parts.database.forTenant(tenantId), async (tx) => {
    const before = await lockSettings(tx, tenantId, agentId);
    if (before === null) throw new Refusal('NOT_FOUND', 'There is no such agent.');
    const after = decideSettings(before, input, known);
    const changed = changedSettings(before, after);
    if (changed.length === 0) return;
    await saveSettings(tx, tenantId, agentId, after);
    const { locale, voiceId, knowledgeBaseId } = after;
    const event: AgentUpdated = {
      type: 'agent.AgentUpdated',
      data: { agentId, locale, voiceId, knowledgeBaseId, changed },
    };
    await appendEvents(tx, 'agent', [{ aggregateId: agentId, event }], { actor, now });
  });
  parts.agents.forget(tenantId, agentId);
  parts.eventsCommitted();
};
