import { LRUCache } from 'lru-cache';
import type pg from 'pg';
import { isConflict, retryConflicts } from './conflict.ts';
import { borrow } from './connection.ts';
import { beginWithRights, type Pool, type Rights } from './database.ts';
import { share } from './lanes.ts';

/** SQL of one tenant or narrow role, for the few paths where every trip to the database counts. Prisma is for the rest. */
export type Sql = {
  /** One statement in a transaction of its own, in one round trip. */
  readonly run: Query;
  /** Several statements; those issued in the same tick share a trip. What `work` throws rolls everything back. */
  transaction<T>(work: (tx: SqlTransaction) => Promise<T>): Promise<T>;
};
/** One statement. */
export type Query = <Row extends object>(text: string, values?: readonly unknown[]) => Promise<Row[]>;
export type SqlTransaction = {
  readonly query: Query;
  /** The transaction's last statement: COMMIT travels with it. What is thrown afterwards undoes nothing. */
  readonly last: Query;
};

/** A key was taken meanwhile: by whoever did the same, and is found by the next try (unique_violation). */
const isTaken = (error: unknown): boolean => (error as { code?: string } | null)?.code === '23505';
const gaveWay = (error: unknown): boolean => isConflict(error) || isTaken(error);

export const sqlFor = (pool: Pool, rights: Rights): Sql => {
  const opening = beginWithRights(rights);
  const transaction = async <T>(work: (tx: SqlTransaction) => Promise<T>): Promise<T> => {
    const lent = await borrow(pool, rights.tenantId);
    try {
      const opened = lent.query({ text: opening });
      opened.catch(() => {});
      let ended: Promise<unknown> | null = null;
      const end = (command: 'COMMIT' | 'ROLLBACK'): Promise<unknown> => {
        ended ??= lent.query({ text: command });
        return ended;
      };
      const query: Query = async (text, values = []) => (await lent.query(named(text, values))).rows as never;
      const last: Query = async (text, values) => {
        const [rows, committed] = await Promise.allSettled([query(text, values), end('COMMIT')]);
        if (rows.status === 'rejected') throw rows.reason;
        if (committed.status === 'rejected') throw committed.reason;
        return rows.value as never;
      };
      try {
        const result = await work({ query, last });
        await opened;
        await end('COMMIT');
        return result;
      } catch (error) {
        await end('ROLLBACK').catch((failure: Error) => {
          lent.broken = failure;
        });
        throw error;
      }
    } finally {
      lent.giveBack();
    }
  };
  return {
    run: async (text, values = []) => {
      const lent = await share(pool, rights.tenantId);
      try {
        const [opened, result, committed] = await Promise.allSettled([
          lent.query({ text: opening }),
          lent.query(named(text, values)),
          lent.query({ text: 'COMMIT' }),
        ]);
        for (const outcome of [opened, committed])
          if (outcome.status === 'rejected') lent.broken = outcome.reason as Error;
        if (result.status === 'rejected') throw result.reason;
        if (lent.broken !== undefined) throw lent.broken;
        return result.value.rows as never;
      } finally {
        lent.giveBack();
      }
    },
    transaction: (work) => retryConflicts(() => transaction(work), gaveWay),
  };
};

const names = new LRUCache<string, string>({ max: 500 });
let count = 0;
/** A named statement is parsed and planned once per connection. */
const named = (text: string, values: readonly unknown[]): pg.QueryConfig => {
  let name = names.get(text);
  if (name === undefined) {
    name = `parley_sql_${++count}`;
    names.set(text, name);
  }
  return { name, text, values: [...values] };
};
