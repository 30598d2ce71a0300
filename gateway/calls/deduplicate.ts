import type { SubgraphResult } from '@parley/kernel/subgraph';
import { callerOf } from './caller.ts';
import { unlessAborted } from './deadline.ts';
import { type Call, type CallPolicy, ClientGone, type SubgraphOperation } from './subgraphCall.ts';
import { once, UnderWay } from './underWay.ts';

/** One call several may wait for. */
type Flight = {
  readonly answer: Promise<SubgraphResult>;
  readonly stop: AbortController;
  readonly asked: () => string;
  waiting: number;
  isOver: boolean;
};
/** What an organization has under way, by query text. */
type Flights = UnderWay<string, Flight>;

/**
 * Identical queries under way at once are one call (same subgraph, text, variables, and everything of who asks that can
 * change the answer). What an organization writes ends the sharing of what it was reading: nobody who has seen his own
 * write gets an answer from before it.
 */
export const withDeduplication = (): CallPolicy => (next) => {
  const byTenant = new Map<string, Flights>();

  const forgetEmpty = (tenant: string, flights: Flights): void => {
    if (flights.isEmpty && byTenant.get(tenant) === flights) byTenant.delete(tenant);
  };
  const begin = (
    tenant: string,
    name: string,
    operation: SubgraphOperation,
    call: Call,
    asked: () => string,
  ): Flight => {
    const flights = flightsOf(tenant);
    const stop = new AbortController();
    const flight: Flight = {
      answer: next(name, operation, { ...call, signal: stop.signal }),
      stop,
      asked,
      waiting: 0,
      isOver: false,
    };
    const takeAway = flights.add(operation.query, callerOf(call), flight);
    const forget = (): void => {
      flight.isOver = true;
      takeAway();
      forgetEmpty(tenant, flights);
    };
    flight.answer.then(forget, forget);
    return flight;
  };
  const flightsOf = (tenant: string): Flights => {
    const known = byTenant.get(tenant);
    if (known) return known;
    const flights: Flights = new UnderWay();
    byTenant.set(tenant, flights);
    return flights;
  };

  return async (name, operation, call) => {
    const tenant = call.actor?.tenantId ?? '';
    if (operation.isMutation) {
      try {
        return await next(name, operation, call);
      } finally {
        byTenant.delete(tenant);
      }
    }
    if (call.fresh) return next(name, operation, call);
    const asked = once(() => JSON.stringify([name, operation.operationName, operation.variables]));
    const known = byTenant
      .get(tenant)
      ?.find(operation.query, callerOf(call), (flight) => !flight.stop.signal.aborted && flight.asked() === asked());
    const flight = known ?? begin(tenant, name, operation, call, asked);
    flight.waiting += 1;
    try {
      const result = await unlessAborted(flight.answer, call.signal);
      // Whoever is the last to take it may have it as it is.
      return flight.waiting > 1 ? (copyOf(result) as SubgraphResult) : result;
    } finally {
      flight.waiting -= 1;
      if (flight.waiting === 0 && !flight.isOver) flight.stop.abort(new ClientGone('nobody waits for the answer'));
    }
  };
};

/** Plain data anew; what is no plain data (a Date of an answer in process) is never changed and stays. */
const copyOf = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(copyOf);
  if (typeof value !== 'object' || value === null) return value;
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return value;
  const copy: Record<string, unknown> = Object.create(null);
  for (const key of Object.keys(value)) copy[key] = copyOf((value as Record<string, unknown>)[key]);
  return copy;
};
