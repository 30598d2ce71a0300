import { type CallPolicy, NotSent } from './subgraphCall.ts';

export type BulkheadOptions = {
  /** Calls of one subgraph under way at once, and those of them for one organization. */
  readonly concurrency: number;
  readonly perTenant: number;
  /** Calls that may wait for a place. */
  readonly waiting: number;
};

/** Organizations with nothing under way that are remembered all the same. */
const idleKept = 1000;

type Waiting = { readonly tenant: string; readonly enter: () => void };
type Bulkhead = { underWay: number; readonly byTenant: Map<string, number>; readonly queue: Waiting[] };

/**
 * Bounds what one subgraph, and one organization on it, can hold up: past its share an organization waits for its own
 * calls, not for anybody else's (D23). Nobody in particular counts as one organization.
 */
export const withBulkhead =
  ({ concurrency, perTenant, waiting }: BulkheadOptions): CallPolicy =>
  (next) => {
    const bulkheads = new Map<string, Bulkhead>();
    const of = (name: string): Bulkhead => {
      const known = bulkheads.get(name);
      if (known) return known;
      const bulkhead: Bulkhead = { underWay: 0, byTenant: new Map(), queue: [] };
      bulkheads.set(name, bulkhead);
      return bulkhead;
    };
    const hasRoom = ({ underWay, byTenant }: Bulkhead, tenant: string): boolean =>
      underWay < concurrency && (byTenant.get(tenant) ?? 0) < perTenant;
    const enter = (bulkhead: Bulkhead, tenant: string): void => {
      bulkhead.underWay += 1;
      bulkhead.byTenant.set(tenant, (bulkhead.byTenant.get(tenant) ?? 0) + 1);
    };
    const leave = (bulkhead: Bulkhead, tenant: string): void => {
      bulkhead.underWay -= 1;
      const left = (bulkhead.byTenant.get(tenant) ?? 1) - 1;
      // Few that have none now are kept: a Map that shrinks and grows leaves a trail of tables.
      if (left > 0 || bulkhead.byTenant.size <= idleKept) bulkhead.byTenant.set(tenant, left);
      else bulkhead.byTenant.delete(tenant);
      const at = bulkhead.queue.findIndex((waiter) => hasRoom(bulkhead, waiter.tenant));
      if (at < 0) return;
      const [waiter] = bulkhead.queue.splice(at, 1);
      if (!waiter) return;
      enter(bulkhead, waiter.tenant);
      waiter.enter();
    };
    const waitForRoom = (bulkhead: Bulkhead, tenant: string, signal: AbortSignal | undefined): Promise<void> =>
      new Promise((resolve, reject) => {
        const waiter: Waiting = {
          tenant,
          enter: () => {
            signal?.removeEventListener('abort', onAbort);
            resolve();
          },
        };
        const onAbort = (): void => {
          bulkhead.queue.splice(bulkhead.queue.indexOf(waiter), 1);
          reject(new NotSent('no place within the deadline'));
        };
        signal?.addEventListener('abort', onAbort, { once: true });
        bulkhead.queue.push(waiter);
      });

    return async (name, operation, call) => {
      const bulkhead = of(name);
      const tenant = call.actor?.tenantId ?? '';
      if (hasRoom(bulkhead, tenant)) enter(bulkhead, tenant);
      else if (bulkhead.queue.length >= waiting) throw new NotSent(`too many calls of ${name} wait already`);
      else await waitForRoom(bulkhead, tenant, call.signal);
      try {
        return await next(name, operation, call);
      } finally {
        leave(bulkhead, tenant);
      }
    };
  };
