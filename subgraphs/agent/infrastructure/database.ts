import { retryConflicts } from '@parley/kernel/conflict';
import { type Database, openDatabase, type Pool } from '@parley/kernel/database';
import { type Sql, sqlFor } from '@parley/kernel/sql';
import type { SqlDriverAdapterFactory } from '@prisma/driver-adapter-utils';
import { PrismaClient } from '../generated/prisma/client.ts';

export type Client = PrismaClient;
/** Prisma for what is asked in many shapes; `sql` for storing a reply before its first word leaves. */
export type AgentDatabase = Database<Client> & { sql(tenantId: string): Sql };
/** A Prisma transaction of one tenant. */
export type Tx = Parameters<Parameters<Client['$transaction']>[0]>[0];

/** How long a command waits for a connection when all are busy, and how long it may take (ms). */
const transactionOptions = { maxWait: 5000, timeout: 15_000 };

/** @param onStatement told of each SQL statement; tests count them */
export const openAgentDatabase = (pool: Pool, onStatement?: (sql: string) => void): AgentDatabase => ({
  ...openDatabase({
    pool,
    schema: 'agent',
    client: (adapter) =>
      onStatement === undefined ? new PrismaClient({ adapter, transactionOptions }) : observed(adapter, onStatement),
  }),
  sql: (tenantId) => sqlFor(pool, { role: 'agent_app', tenantId }),
});

/** One transaction of one tenant. A deadlock or a lost race is tried again: nothing of it was recorded. */
export const transaction = <T>(client: Client, work: (tx: Tx) => Promise<T>): Promise<T> =>
  retryConflicts(() => client.$transaction(work));

const observed = (adapter: SqlDriverAdapterFactory, onStatement: (sql: string) => void): Client => {
  const client = new PrismaClient({ adapter, transactionOptions, log: [{ emit: 'event', level: 'query' }] });
  client.$on('query', ({ query }) => onStatement(query));
  return client;
};
