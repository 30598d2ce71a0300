import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Schema } from '@parley/kernel/eventStore';

const root = fileURLToPath(new URL('.', import.meta.url));
const context = (name: string, schema: Schema) => ({
  name,
  schema,
  folder: `${root}subgraphs/${name}/prisma/migrations`,
  schemaFile: `${root}subgraphs/${name}/prisma/schema.prisma`,
});

/** The five contexts and the PostgreSQL schema of each (`identity` for auth: Supabase reserves `auth`). */
export const contexts = [
  context('auth', 'identity'),
  context('sales', 'sales'),
  context('voice', 'voice'),
  context('agent', 'agent'),
  context('analytics', 'analytics'),
].filter(({ schemaFile }) => existsSync(schemaFile));
