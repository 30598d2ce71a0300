import type { SubgraphResult } from '@parley/kernel/subgraph';
import { unlessAborted } from './deadline.ts';
import { type Call, type CallPolicy, ClientGone, type SubgraphOperation } from './subgraphCall.ts';

/** One call several may wait for. */
type Flight = {
  readonly answer: Promise<SubgraphResult>;
  readonly stop: AbortController;
  readonly key: () => string;
  waiting: number;
  isOver: boolean;
};
/** What an organization has under way, by query text: only those can be alike, and mostly there is none. */
type Flights = Map<string, Set<Flight>>;

/**
 * Identical queries under way at once are one call (same subgraph, text, variables, and everything of who asks that can
 * change the answer). What an organization writes ends the sharing of what it was reading: nobody who has seen his own
 * write gets an answer from before it.
 */
export const withDeduplication = (): CallPolicy => (next) => {
  const byTenant = new Map<string, Flights>();

  const begin = (
    flights: Flights,
    name: string,
    operation: SubgraphOperation,
    call: Call,
    key: () => string,
  ): Flight => {
    const stop = new AbortController();
    const flight: Flight = {
      answer: next(name, operation, { ...call, signal: stop.signal }),
      stop,
      key,
      waiting: 0,
      isOver: false,
    };
    const alike = flights.get(operation.query) ?? new Set<Flight>();
    flights.set(operation.query, alike.add(flight));
    const forget = (): void => {
      flight.isOver = true;
      alike.delete(flight);
      if (alike.size === 0 && flights.get(operation.query) === alike) flights.delete(operation.query);
    };
    flight.answer.then(forget, forget);
    return flight;
  };
  const flightsOf = (tenant: string): Flights => {
    const known = byTenant.get(tenant);
    if (known) return known;
    const flights: Flights = new Map();
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
    const flights = flightsOf(tenant);
    const key = once(() => keyOf(name, operation, call));
    const known = [...(flights.get(operation.query) ?? [])].find((flight) => flight.key() === key());
    const flight = known ?? begin(flights, name, operation, call, key);
    flight.waiting += 1;
    try {
      const result = await unlessAborted(flight.answer, call.signal);
      // Whoever is the last to take it may have it as it is.
      return flight.waiting > 1 ? (copyOf(result) as SubgraphResult) : result;
    } finally {
      flight.waiting -= 1;
      if (flight.waiting === 0 && !flight.isOver) flight.stop.abort(new ClientGone('nobody waits for the answer'));
      if (flights.size === 0 && byTenant.get(tenant) === flights) byTenant.delete(tenant);
    }
  };
};

/** Everything that can change an answer. When a token ends is not part of it: nothing is answered from it. */
const keyOf = (name: string, { query, operationName, variables }: SubgraphOperation, { actor, headers }: Call) => {
  const { expiresAt: _expiresAt, ...identity } = actor ?? { expiresAt: null };
  return JSON.stringify([name, query, operationName, variables, identity, headers]);
};

const once = (make: () => string): (() => string) => {
  let made: string | undefined;
  return () => (made ??= make());
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
