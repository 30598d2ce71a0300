import { type Database, openDatabase, type Pool } from '@parley/kernel/database';
import { type Sql, sqlFor } from '@parley/kernel/sql';
import { PrismaClient } from '../generated/prisma/client.ts';

/** Prisma for what is asked in many shapes; `sql` for the path from a sentence to its audio, where each trip counts. */
export type VoiceDatabase = Database<PrismaClient> & { sql(tenantId: string): Sql };
export type Client = PrismaClient;
/** A Prisma transaction of one tenant. */
export type Tx = Parameters<Parameters<PrismaClient['$transaction']>[0]>[0];

export const openVoiceDatabase = (pool: Pool): VoiceDatabase => ({
  ...openDatabase({ pool, schema: 'voice', client: (adapter) => new PrismaClient({ adapter }) }),
  sql: (tenantId) => sqlFor(pool, { role: 'voice_app', tenantId }),
});
