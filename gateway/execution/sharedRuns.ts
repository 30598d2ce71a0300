import type { AdmittedOperation } from '../admission/admit.ts';
import { callerOf } from '../calls/caller.ts';
import { unlessAborted } from '../calls/deadline.ts';
import { type Call, ClientGone } from '../calls/subgraphCall.ts';
import { once, UnderWay } from '../calls/underWay.ts';
import type { CompiledOperation } from '../planning/plan.ts';
import type { JsonAnswer } from './engine.ts';

export type RunAdmitted = (admitted: AdmittedOperation, call: Call) => Promise<JsonAnswer>;

/** One run several clients may wait for. */
type Flight = {
  readonly answer: Promise<JsonAnswer>;
  readonly stop: AbortController;
  readonly variables: () => string;
  /** How often its organization had written when it began. */
  readonly writes: number;
  waiting: number;
  isOver: boolean;
};

export const runAdmitted: RunAdmitted = ({ engine, compiled, variables }, call) =>
  engine.runToJson(compiled, variables, call);

/**
 * Identical queries under way at once run once: same operation on the same supergraph, same rights, variables, identity
 * and forwarded headers. As with calls of subgraphs (deduplicate.ts), what an organization writes ends the sharing of
 * what it was reading. The bytes of the answer are shared too: nobody changes them.
 */
export const createSharedRuns = (run: RunAdmitted = runAdmitted): RunAdmitted => {
  const flights = new UnderWay<CompiledOperation, Flight>();
  // Only organizations with something under way are in it, so it stays small.
  const writes = new Map<string, { count: number; flights: number }>();

  const begin = (admitted: AdmittedOperation, call: Call, variables: () => string): Flight => {
    const tenant = tenantOf(call);
    const written = writes.get(tenant) ?? { count: 0, flights: 0 };
    writes.set(tenant, written);
    written.flights += 1;
    const stop = new AbortController();
    const answer = run(admitted, { ...call, signal: stop.signal });
    const flight: Flight = { answer, stop, variables, writes: written.count, waiting: 0, isOver: false };
    const takeAway = flights.add(admitted.compiled, callerOf(call), flight);
    const forget = (): void => {
      flight.isOver = true;
      takeAway();
      written.flights -= 1;
      if (written.flights === 0 && writes.get(tenant) === written) writes.delete(tenant);
    };
    answer.then(forget, forget);
    return flight;
  };

  return async (admitted, call) => {
    const { operation, compiled } = admitted;
    const tenant = tenantOf(call);
    if (operation.node.operation !== 'query') {
      try {
        return await run(admitted, call);
      } finally {
        const written = writes.get(tenant);
        if (written) written.count += 1;
      }
    }
    const variables = once(() => JSON.stringify(admitted.variables));
    const now = writes.get(tenant)?.count ?? 0;
    const known = flights.find(
      compiled,
      callerOf(call),
      (flight) =>
        flight.writes === now && !flight.isOver && !flight.stop.signal.aborted && flight.variables() === variables(),
    );
    const flight = known ?? begin(admitted, call, variables);
    flight.waiting += 1;
    try {
      const shared = await unlessAborted(flight.answer, call.signal);
      if (known)
        for (const { extensions } of shared.answer?.errors ?? []) call.observed?.failed(String(extensions?.['code']));
      return shared;
    } finally {
      flight.waiting -= 1;
      if (flight.waiting === 0 && !flight.isOver) flight.stop.abort(new ClientGone('nobody waits for the answer'));
    }
  };
};

const tenantOf = ({ actor }: Call): string => actor?.tenantId ?? '';
