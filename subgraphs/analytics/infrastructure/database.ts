import { type Database, openDatabase, type Pool } from '@parley/kernel/database';
import { PrismaClient } from '../generated/prisma/client.ts';

export type AnalyticsDatabase = Database<PrismaClient>;
export type Client = PrismaClient;
/** A Prisma transaction of one tenant. */
export type Tx = Parameters<Parameters<PrismaClient['$transaction']>[0]>[0];

export const openAnalyticsDatabase = (pool: Pool): AnalyticsDatabase =>
  openDatabase({ pool, schema: 'analytics', client: (adapter) => new PrismaClient({ adapter }) });
