import { integer, readConfig } from '@parley/kernel/config';
import { z } from 'zod';

const schema = z.object({
  /** Passages held in memory for search, over all tenants; beyond it the least recently used knowledge base is dropped. */
  AGENT_INDEXED_PASSAGES: integer(1, 100_000_000).default(200_000),
});

export type AgentConfig = { readonly maxIndexedPassages: number };

/** @throws ConfigError */
export const readAgentConfig = (environment: Readonly<Record<string, string | undefined>>): AgentConfig => ({
  maxIndexedPassages: readConfig(schema, environment).AGENT_INDEXED_PASSAGES,
});
