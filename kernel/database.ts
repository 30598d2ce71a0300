import { PrismaPg } from '@prisma/adapter-pg';
import type {
  SqlDriverAdapter,
  SqlDriverAdapterFactory,
  SqlQuery,
  SqlResultSet,
  Transaction,
} from '@prisma/driver-adapter-utils';
import { LRUCache } from 'lru-cache';
import pg from 'pg';
import { borrow, corked } from './connection.ts';

export type Pool = pg.Pool;

/** How many connections there may be, and how long one may be kept busy. */
export type PoolOptions = {
  readonly max: number;
  /** Whoever waits longer for a free connection is told to come back (L03): work of our own does so by itself. */
  readonly waitMs?: number;
  /** A statement that takes longer is cancelled. */
  readonly statementTimeoutMs?: number;
  /** A transaction in which nothing happens for so long is ended with its connection. */
  readonly idleTransactionMs?: number;
  readonly onError?: (error: Error) => void;
};

/** One pool per database login; every context of a process shares it. `pipeline` lets BEGIN, query and COMMIT travel together. */
export const openPool = (url: string, options: PoolOptions): Pool => {
  const { waitMs = 1000, statementTimeoutMs = 8000, idleTransactionMs = 60_000 } = options;
  const pool = new pg.Pool({
    connectionString: url,
    max: options.max,
    connectionTimeoutMillis: waitMs,
    // A new connection is slow until it has planned what it is asked for: those that are warm are kept.
    idleTimeoutMillis: 600_000,
    keepAlive: true,
    pipeline: true,
    // adapter-pg drops a timestamp's offset, so the session must not have one.
    options: `-c TimeZone=UTC -c statement_timeout=${statementTimeoutMs} -c idle_in_transaction_session_timeout=${idleTransactionMs}`,
  } as pg.PoolConfig);
  // An idle connection that breaks is replaced by the pool; without a listener it would end the process.
  pool.on('error', (error) => options.onError?.(error));
  // A server may end a connection in the moment it is made, before whoever asked for it can listen.
  pool.on('connect', (client) => client.on('error', () => {}));
  // adapter-pg adds a listener per Prisma client.
  pool.setMaxListeners(0);
  return pool;
};

/** What a connection is allowed to see: a role that owns nothing, and for tenant roles the tenant. */
export type Rights = { readonly role: string; readonly tenantId?: string };

export const beginWithRights = ({ role, tenantId }: Rights): string => {
  const claims = tenantId === undefined ? '' : JSON.stringify({ role, tenant_id: tenantId });
  return `BEGIN; SET LOCAL ROLE ${pg.escapeIdentifier(role)}; SET LOCAL request.jwt.claims = ${pg.escapeLiteral(claims)}`;
};

/** The parts of adapter-pg's connection that are needed to point it at a connection of our choosing. */
type PgAdapter = SqlDriverAdapter & { onError(error: unknown): never };

/**
 * Row Level Security inside Prisma's driver adapter: whatever SQL Prisma emits runs in a transaction that carries the
 * role and the tenant (transaction-local, so nothing survives into the pool). A single statement travels with its
 * BEGIN and COMMIT in one round trip. No Prisma call can go round it.
 */
const adapterWithRights = (pool: Pool, rights: Rights): SqlDriverAdapterFactory => {
  // Prisma re-sends the same few SQL texts; naming them lets PostgreSQL keep their plans. 63 bytes is its name limit.
  const inner = new PrismaPg(pool, { statementNameGenerator: statementName });
  const opening = beginWithRights(rights);
  return {
    provider: 'postgres',
    adapterName: 'parley-rls-pg',
    connect: async () => {
      const adapter = (await inner.connect()) as unknown as PgAdapter;
      const lend = () => borrow(pool, rights.tenantId).catch((error: unknown) => adapter.onError(error));
      const run = async <T>(query: SqlQuery, method: 'queryRaw' | 'executeRaw'): Promise<T> => {
        const lent = await lend();
        try {
          const onConnection = Object.create(adapter, { client: { value: lent.client } }) as PgAdapter;
          const [started, result, committed] = await Promise.allSettled(
            corked(lent, () => [
              lent.query({ text: opening }),
              onConnection[method](query) as Promise<unknown>,
              lent.query({ text: 'COMMIT' }),
            ]),
          );
          // A failed statement turns the COMMIT that follows it into a ROLLBACK.
          for (const outcome of [started, committed])
            if (outcome?.status === 'rejected') lent.broken = outcome.reason as Error;
          if (result?.status === 'rejected') throw result.reason;
          if (lent.broken !== undefined) adapter.onError(lent.broken);
          return result?.value as T;
        } finally {
          lent.giveBack();
        }
      };
      return Object.assign(Object.create(adapter) as SqlDriverAdapter, {
        queryRaw: (query: SqlQuery) => run<SqlResultSet>(query, 'queryRaw'),
        executeRaw: (query: SqlQuery) => run<number>(query, 'executeRaw'),
        // BEGIN and the claims are not waited for: they travel with the first statement. Should they fail, the
        // transaction is aborted and so is every statement in it.
        startTransaction: async (
          isolation?: Parameters<SqlDriverAdapter['startTransaction']>[0],
        ): Promise<Transaction> => {
          const lent = await lend();
          const opened = isolation ? opening.replace('BEGIN;', `BEGIN ISOLATION LEVEL ${isolation};`) : opening;
          lent.query({ text: opened }).catch((error: Error) => {
            lent.broken = error;
          });
          const giveBack = async () => lent.giveBack();
          return Object.assign(Object.create(adapter, { client: { value: lent.client } }) as Transaction, {
            // Prisma sends COMMIT, ROLLBACK and savepoints as statements of their own.
            options: { usePhantomQuery: false },
            commit: giveBack,
            rollback: giveBack,
          });
        },
      });
    },
  };
};

const names = new LRUCache<string, string>({ max: 2000 });
let named = 0;
const statementName = ({ sql }: SqlQuery): string => {
  const known = names.get(sql);
  if (known !== undefined) return known;
  const name = `parley_${++named}`;
  names.set(sql, name);
  return name;
};

/** One context's tables, seen with one of its roles. */
export type Database<Client> = {
  /** The rows of one tenant, as role `<schema>_app`. */
  forTenant(tenantId: string): Client;
  /** What crosses tenants or precedes them, as one of the narrow roles the migrations name. */
  asRole(role: string): Client;
  close(): Promise<void>;
};

type Disconnectable = { $disconnect(): Promise<void> };

/**
 * One Prisma client per tenant over the shared pool. A client shared by tenants would batch findUnique calls of two
 * tenants into one statement, and answer one of them with the other's rows.
 */
export const openDatabase = <Client extends Disconnectable>(options: {
  pool: Pool;
  schema: string;
  client: (adapter: SqlDriverAdapterFactory) => Client;
  maxClients?: number;
}): Database<Client> => {
  const clients = new LRUCache<string, Client>({
    max: options.maxClients ?? 200,
    dispose: (client) => void client.$disconnect(),
  });
  const open = (key: string, rights: Rights): Client => {
    const known = clients.get(key);
    if (known !== undefined) return known;
    const client = options.client(adapterWithRights(options.pool, rights));
    clients.set(key, client);
    return client;
  };
  return {
    forTenant: (tenantId) => {
      if (!isUuid(tenantId)) throw new Error('A tenant is needed to open its rows');
      return open(`tenant ${tenantId}`, { role: `${options.schema}_app`, tenantId });
    },
    asRole: (role) => open(`role ${role}`, { role }),
    close: async () => {
      const open = [...clients.values()];
      clients.clear();
      await Promise.all(open.map((client) => client.$disconnect()));
    },
  };
};

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
/** Our ids, in the one spelling we hand out. Anything else names nothing, and must not reach a uuid column. */
export const isUuid = (value: unknown): value is string => typeof value === 'string' && uuid.test(value);
