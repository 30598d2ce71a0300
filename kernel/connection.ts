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

/** @throws when no connection is free in time, or the server is away */
export const borrow = async (pool: pg.Pool): Promise<Borrowed> => {
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
