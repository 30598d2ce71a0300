import type pg from 'pg';
import { type Borrowed, borrow, lendInstead } from './connection.ts';

/** Where a rehearsal plays. `end` undoes all of it. */
export type Stage = { end(): Promise<void> };

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
  const send = (given: string | pg.QueryConfig, ...rest: unknown[]): Promise<pg.QueryResult> => {
    const text = typeof given === 'string' ? given : given.text;
    if (text.startsWith('BEGIN')) return query(text.replace(/^BEGIN[^;]*/, `SAVEPOINT ${mark}`));
    if (text === 'COMMIT') return query(`RELEASE SAVEPOINT ${mark}`).catch(undo);
    if (text === 'ROLLBACK') return undo();
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
    },
  };
};
