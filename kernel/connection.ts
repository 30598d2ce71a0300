import type { Socket } from 'node:net';
import type pg from 'pg';

/** pg's socket, which its types leave out. */
type Client = pg.PoolClient & { readonly connection: { readonly stream: Socket } };

/** A connection borrowed from the pool. */
export type Borrowed = {
  readonly client: pg.PoolClient;
  /** Statements issued in one tick leave in one write, and PostgreSQL wakes once. */
  query(query: pg.QueryConfig): Promise<pg.QueryResult>;
  /** What is known to be wrong with the connection: it is then closed, not given to the next. */
  broken: Error | undefined;
  giveBack(): void;
};

/** Lends in place of a pool, to whoever works for one tenant. */
type Lender = () => Promise<Borrowed>;
const lenders = new WeakMap<pg.Pool, Map<string, Lender>>();

/** From now on everything of this tenant runs on what `lend` gives. */
export const lendInstead = (pool: pg.Pool, tenantId: string, lend: Lender): void => {
  lenders.set(pool, (lenders.get(pool) ?? new Map<string, Lender>()).set(tenantId, lend));
};
export const lenderFor = (pool: pg.Pool, tenantId: string | undefined): Lender | undefined =>
  tenantId === undefined ? undefined : lenders.get(pool)?.get(tenantId);

/**
 * @param tenantId whose rows it is for, where they are one tenant's
 * @throws when no connection is free in time, or the server is away
 */
export const borrow = async (pool: pg.Pool, tenantId?: string): Promise<Borrowed> => {
  const lend = lenderFor(pool, tenantId);
  if (lend !== undefined) return lend();
  const client = (await pool.connect()) as Client;
  // A lent connection that breaks emits an error; without a listener that would end the process.
  const onError = (error: Error) => {
    borrowed.broken = error;
  };
  client.on('error', onError);
  const borrowed: Borrowed = {
    client,
    broken: undefined,
    query: (query) => {
      corkUntilTick(client);
      return client.query(query);
    },
    giveBack: () => {
      client.removeListener('error', onError);
      client.release(borrowed.broken);
    },
  };
  return borrowed;
};

const corkUntilTick = ({ connection: { stream } }: Client): void => {
  stream.cork();
  process.nextTick(() => stream.uncork());
};

/** For statements that somebody else issues on the connection in this tick. */
export const corked = <T>({ client }: Borrowed, issue: () => T): T => {
  corkUntilTick(client as Client);
  return issue();
};
