import { isUuid } from '@parley/kernel/database';
import { LRUCache } from 'lru-cache';
import type { AgentSettings } from '../domain/agent.ts';
import type { Agent } from '../generated/prisma/client.ts';
import type { Client, Tx } from './database.ts';

const columns = (tenantId: string, { personality, ...settings }: AgentSettings) => ({
  tenantId,
  ...settings,
  ...personality,
});

export const settingsOf = (row: Omit<AgentSettings, 'personality'> & AgentSettings['personality']): AgentSettings => ({
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

/** Agents as they were at most `freshMs` ago, and not before a change made in this process. */
export type RecentAgents = {
  find(client: Client, tenantId: string, id: string): Promise<Agent | null>;
  forget(tenantId: string, id: string): void;
};
const freshMs = 1000;

export const openRecentAgents = (): RecentAgents => {
  const rows = new LRUCache<string, Promise<Agent | null>>({ max: 10_000, ttl: freshMs });
  return {
    find: (client, tenantId, id) => {
      const key = `${tenantId} ${id}`;
      const known = rows.get(key);
      if (known !== undefined) return known;
      const row = client.agent.findUnique({ where: { tenantId_id: { tenantId, id } } });
      const found = row.catch((error: unknown) => {
        rows.delete(key);
        throw error;
      });
      rows.set(key, found);
      return found;
    },
    forget: (tenantId, id) => void rows.delete(`${tenantId} ${id}`),
  };
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
