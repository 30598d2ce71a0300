import type pg from 'pg';
import { type Borrowed, borrow, lendInstead } from './connection.ts';

/** Where a rehearsal plays. `end` undoes all of it, and has other connections of the pool make what it ran ready too. */
export type Stage = { end(): Promise<void> };
/** A named statement as it was run, and what opened its transaction. */
type Played = { readonly opening: string; readonly query: pg.QueryConfig };

const mark = 'rehearsal';

/**
 * From now on every transaction of this tenant is a part of one that is never committed, on one connection, one after
 * the other: real code runs on the real database, nobody else sees a row of it, and nothing of it stays.
 */
export const openStage = async (pool: pg.Pool, tenantId: string): Promise<Stage> => {
  const lent = await borrow(pool);
  await lent.query({ text: 'BEGIN' });
  const { client } = lent;
  const query = client.query.bind(client) as (...given: unknown[]) => Promise<pg.QueryResult>;
  const undo = () => query(`ROLLBACK TO SAVEPOINT ${mark}; RELEASE SAVEPOINT ${mark}`);
  const played = new Map<string, Played>();
  let opening = '';
  const send = (given: string | pg.QueryConfig, ...rest: unknown[]): Promise<pg.QueryResult> => {
    const text = typeof given === 'string' ? given : given.text;
    if (text.startsWith('BEGIN')) {
      opening = text;
      return query(text.replace(/^BEGIN[^;]*/, `SAVEPOINT ${mark}`));
    }
    if (text === 'COMMIT') return query(`RELEASE SAVEPOINT ${mark}`).catch(undo);
    if (text === 'ROLLBACK') return undo();
    if (typeof given !== 'string' && given.name !== undefined) played.set(given.name, { opening, query: given });
    return query(given, ...rest);
  };
  const onStage = Object.create(client, { query: { value: send } }) as pg.PoolClient;

  let free: Promise<void> = Promise.resolve();
  const lend = async (): Promise<Borrowed> => {
    const before = free;
    const turn = Promise.withResolvers<void>();
    free = turn.promise;
    await before;
    return { client: onStage, query: (query) => send(query), broken: undefined, giveBack: turn.resolve };
  };
  lendInstead(pool, tenantId, lend);
  return {
    end: async () => {
      // Whoever comes late gets an error: on another connection it would leave something behind.
      lendInstead(pool, tenantId, () => Promise.reject(new Error('the rehearsal is over')));
      await free;
      await lent.query({ text: 'ROLLBACK' }).catch((error: Error) => {
        lent.broken = error;
      });
      lent.giveBack();
      await encore(pool, [...played.values()]);
    },
  };
};

/** Nobody waits longer than this for a connection that only waits for the others. */
const togetherMs = 500;

/**
 * Each server process of PostgreSQL plans for itself, and it is new to every statement: so all are run once more on
 * all of the pool's connections, and undone. To get each of them, they are held until all are there, but not for long:
 * where some are busy they stay as they are.
 */
const encore = async (pool: pg.Pool, played: readonly Played[]): Promise<void> => {
  const together = Promise.withResolvers<void>();
  const timer = setTimeout(together.resolve, togetherMs);
  let missing = pool.options.max;
  await Promise.all(
    Array.from({ length: pool.options.max }, async () => {
      const lent = await borrow(pool).catch(() => null);
      missing -= 1;
      if (missing === 0) together.resolve();
      if (lent === null) return;
      try {
        for (const { opening, query } of played)
          await Promise.allSettled([
            lent.query({ text: opening }),
            lent.query(query),
            lent.query({ text: 'ROLLBACK' }),
          ]);
        await together.promise;
      } finally {
        lent.giveBack();
      }
    }),
  );
  clearTimeout(timer);
};
