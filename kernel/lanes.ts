import type pg from 'pg';
import { type Borrowed, borrow, lenderFor } from './connection.ts';

/** A connection that several use at once. */
type Lane = { readonly lent: Promise<Borrowed>; users: number };

/** How many connections of a pool may be lanes at once; the rest is for transactions of several trips. */
const mostLanes = 4;
const lanesOf = new WeakMap<pg.Pool, Set<Lane>>();

const leastUsed = (pool: pg.Pool): { lane: Lane; lanes: Set<Lane> } => {
  const lanes = lanesOf.get(pool) ?? new Set<Lane>();
  lanesOf.set(pool, lanes);
  const [known] = [...lanes].sort((a, b) => a.users - b.users);
  if (known !== undefined && (known.users === 0 || lanes.size >= mostLanes)) return { lane: known, lanes };
  const lane = { lent: borrow(pool), users: 0 };
  lanes.add(lane);
  return { lane, lanes };
};

/**
 * A connection for statements of one tick that make a whole transaction. Several may be under way on it, one behind the
 * other: what twenty callers ask for leaves in few writes, and few of PostgreSQL's servers wake for it.
 */
export const share = async (pool: pg.Pool, tenantId: string | undefined): Promise<Borrowed> => {
  if (lenderFor(pool, tenantId) !== undefined) return borrow(pool, tenantId);
  const { lane, lanes } = leastUsed(pool);
  lane.users += 1;
  const lent = await lane.lent.catch((error: unknown) => {
    lanes.delete(lane);
    throw error;
  });
  return {
    client: lent.client,
    query: lent.query,
    get broken() {
      return lent.broken;
    },
    set broken(error: Error | undefined) {
      lent.broken = error;
      // Whoever comes next takes another; those who are on it see for themselves.
      if (error !== undefined) lanes.delete(lane);
    },
    giveBack: () => {
      lane.users -= 1;
      if (lane.users > 0) return;
      lanes.delete(lane);
      lent.giveBack();
    },
  };
};
