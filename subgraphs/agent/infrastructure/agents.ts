import { isUuid } from '@parley/kernel/database';
import type { AgentSettings } from '../domain/agent.ts';
import type { Client, Tx } from './database.ts';

const columns = (tenantId: string, { personality, ...settings }: AgentSettings) => ({
  tenantId,
  ...settings,
  ...personality,
});

const settingsOf = (row: Omit<AgentSettings, 'personality'> & AgentSettings['personality']): AgentSettings => ({
  name: row.name,
  locale: row.locale,
  voiceId: row.voiceId,
  knowledgeBaseId: row.knowledgeBaseId,
  personality: { warmth: row.warmth, formality: row.formality, assertiveness: row.assertiveness, brevity: row.brevity },
});

/** null for an unknown id, and for another organization's. */
export const findSettings = async (
  client: Client | Tx,
  tenantId: string,
  id: string,
): Promise<AgentSettings | null> => {
  if (!isUuid(id)) return null;
  const row = await client.agent.findUnique({ where: { tenantId_id: { tenantId, id } } });
  return row && settingsOf(row);
};

/** Holds the agent's row until the transaction ends: changes come one after the other. */
export const lockSettings = async (tx: Tx, tenantId: string, id: string): Promise<AgentSettings | null> => {
  if (!isUuid(id)) return null;
  await tx.$queryRaw`SELECT FROM agent.agent WHERE tenant_id = platform.tenant_id() AND id = ${id}::uuid FOR UPDATE`;
  return findSettings(tx, tenantId, id);
};

export const insertAgent = async (
  tx: Tx,
  tenantId: string,
  id: string,
  settings: AgentSettings,
  createdAt: Date,
): Promise<void> => {
  await tx.agent.create({ data: { ...columns(tenantId, settings), id, createdAt }, select: { id: true } });
};

export const saveSettings = async (tx: Tx, tenantId: string, id: string, settings: AgentSettings): Promise<void> => {
  await tx.agent.update({
    where: { tenantId_id: { tenantId, id } },
    data: columns(tenantId, settings),
    select: { id: true },
  });
};
