import type { Log } from '../log.ts';
import { type CallPolicy, ClientGone, NotSent } from './subgraphCall.ts';

export type BreakerOptions = {
  /** Outcomes are counted over this long. */
  readonly windowMs: number;
  /** Fewer calls than this say nothing. */
  readonly leastCalls: number;
  /** Opens when this share of them failed. */
  readonly failedShare: number;
  /** How long it stays open at first; twice as long after each probe that fails, up to `longestOpenMs`. */
  readonly openMs: number;
  readonly longestOpenMs: number;
};
export const defaultBreaker: BreakerOptions = {
  windowMs: 10_000,
  leastCalls: 20,
  failedShare: 0.5,
  openMs: 1000,
  longestOpenMs: 10_000,
};

/** Outcomes of one subgraph's calls: of this window and of the one before, which counts for what is left of it. */
type Circuit = {
  windowStart: number;
  calls: number;
  failures: number;
  callsBefore: number;
  failuresBefore: number;
  state: 'closed' | 'open' | 'probing';
  openUntil: number;
  openMs: number;
};

/**
 * Spares a subgraph that mostly fails, and those who would wait for it: calls fail at once for a while, then a single
 * one probes whether it is back (D05, D20). An answer with GraphQL errors is an answer.
 */
export const withCircuitBreaker =
  (log: Log, options: BreakerOptions = defaultBreaker, now: () => number = Date.now): CallPolicy =>
  (next) => {
    const circuits = new Map<string, Circuit>();
    const { windowMs, leastCalls, failedShare, openMs, longestOpenMs } = options;
    const circuitOf = (name: string): Circuit => {
      const known = circuits.get(name);
      if (known) return known;
      const counts = { windowStart: now(), calls: 0, failures: 0, callsBefore: 0, failuresBefore: 0 };
      const circuit: Circuit = { ...counts, state: 'closed', openUntil: 0, openMs };
      circuits.set(name, circuit);
      return circuit;
    };
    const open = (circuit: Circuit, name: string, forMs: number): void => {
      circuit.state = 'open';
      circuit.openMs = forMs;
      circuit.openUntil = now() + forMs;
      log.error({ subgraph: name, forMs }, 'a subgraph mostly fails and is left alone');
    };
    const count = (circuit: Circuit, failed: boolean): boolean => {
      const time = now();
      const age = time - circuit.windowStart;
      if (age >= windowMs) {
        const isNext = age < 2 * windowMs;
        circuit.callsBefore = isNext ? circuit.calls : 0;
        circuit.failuresBefore = isNext ? circuit.failures : 0;
        circuit.calls = 0;
        circuit.failures = 0;
        circuit.windowStart = time - (age % windowMs);
      }
      circuit.calls += 1;
      if (failed) circuit.failures += 1;
      const weight = 1 - (time - circuit.windowStart) / windowMs;
      const calls = circuit.calls + circuit.callsBefore * weight;
      return calls >= leastCalls && (circuit.failures + circuit.failuresBefore * weight) / calls >= failedShare;
    };
    const settle = (circuit: Circuit, name: string, isProbe: boolean, failed: boolean): void => {
      if (isProbe && failed) open(circuit, name, Math.min(circuit.openMs * 2, longestOpenMs));
      else if (isProbe) {
        circuits.delete(name);
        log.info({ subgraph: name }, 'a subgraph answers again');
      }
      // What was under way when it opened says nothing new.
      else if (circuit.state === 'closed' && count(circuit, failed) && failed) open(circuit, name, openMs);
    };

    return async (name, operation, call) => {
      const circuit = circuitOf(name);
      const isProbe = circuit.state === 'open' && now() >= circuit.openUntil;
      if (circuit.state !== 'closed' && !isProbe) throw new NotSent(`${name} mostly failed and is left alone`);
      if (isProbe) circuit.state = 'probing';
      try {
        const result = await next(name, operation, call);
        settle(circuit, name, isProbe, false);
        return result;
      } catch (error) {
        if (!(call.signal?.reason instanceof ClientGone)) settle(circuit, name, isProbe, true);
        else if (isProbe) {
          // It never came to tell: the next call may try.
          circuit.state = 'open';
        }
        throw error;
      }
    };
  };
