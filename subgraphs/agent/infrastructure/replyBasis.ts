import { isUuid } from '@parley/kernel/database';
import { fromJsonRow, type JsonRow } from '@parley/kernel/jsonRow';
import type { Sql } from '@parley/kernel/sql';
import type { AgentSettings } from '../domain/agent.ts';
import type { Agent, ReplyTrace } from '../generated/prisma/client.ts';
import { settingsOf } from './agents.ts';
import type { KnowledgeVersion } from './knowledgeIndex.ts';
import { toReplyTrace } from './replyTraces.ts';

/** What a reply is made from, read in one trip. */
export type ReplyBasis = {
  /** The reply as it was made before, if it was. */
  readonly reply: ReplyTrace | null;
  /** null for an unknown agent, and for another organization's */
  readonly settings: AgentSettings | null;
  /** Of the agent's knowledge base, as it is now; null where it has none. */
  readonly knowledge: KnowledgeVersion | null;
};

const basis = `
  SELECT to_jsonb(a) AS agent, to_jsonb(r) AS reply, CASE WHEN k.id IS NOT NULL THEN
    jsonb_build_object('version', k.version, 'removalVersion', k.removal_version) END AS knowledge
  FROM (VALUES (platform.tenant_id())) AS tenant(id)
  LEFT JOIN agent.agent a ON a.tenant_id = tenant.id AND a.id = $1::uuid
  LEFT JOIN agent.reply_trace r ON r.tenant_id = tenant.id AND r.in_reply_to_id = $2::uuid
  LEFT JOIN agent.knowledge_base k ON k.tenant_id = tenant.id AND k.id = a.knowledge_base_id`;
type Row = { agent: JsonRow | null; reply: JsonRow | null; knowledge: KnowledgeVersion | null };

const dates = new Set(['createdAt']);

export const readReplyBasis = async (sql: Sql, agentId: string, inReplyToId: string): Promise<ReplyBasis> => {
  if (!isUuid(agentId) || !isUuid(inReplyToId)) return { reply: null, settings: null, knowledge: null };
  const [row] = await sql.run<Row>(basis, [agentId, inReplyToId]);
  if (row === undefined) throw new Error('the basis of a reply cannot be read');
  return {
    reply: row.reply && toReplyTrace(row.reply),
    settings: row.agent && settingsOf(fromJsonRow<Agent>(row.agent, dates)),
    knowledge: row.knowledge,
  };
};
