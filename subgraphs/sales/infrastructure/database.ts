import { type Database, openDatabase, type Pool } from '@parley/kernel/database';
import { type Sql, sqlFor } from '@parley/kernel/sql';
import { PrismaClient } from '../generated/prisma/client.ts';

export type Client = PrismaClient;
/** Prisma for what is asked in many shapes; `sql` for the path from a message to its reply, where each trip counts. */
export type SalesDatabase = Database<PrismaClient> & { sql(tenantId: string): Sql };

export const openSalesDatabase = (pool: Pool): SalesDatabase => ({
  ...openDatabase({ pool, schema: 'sales', client: (adapter) => new PrismaClient({ adapter }) }),
  sql: (tenantId) => sqlFor(pool, { role: 'sales_app', tenantId }),
});
