import { CallFailure } from '@parley/kernel/callFailure';
import { type CallPolicy, ClientGone, DeadlinePassed, NotSent } from '../calls/subgraphCall.ts';
import type { Metrics } from './metrics.ts';
import { observeFetch } from './observe.ts';

/** Counts and times each attempt to call a subgraph, and hands our trace on to it. */
export const withObservedFetch =
  (metrics: Metrics | null): CallPolicy =>
  (next) =>
  async (name, operation, call) => {
    const fetch = call.observed?.fetch(name, operation.operationName) ?? observeFetch(metrics, name, null);
    const { traceparent } = fetch;
    try {
      const result = await next(
        name,
        operation,
        traceparent === undefined ? call : { ...call, headers: { ...call.headers, traceparent } },
      );
      fetch.end(result.errors?.length ? 'errors' : 'ok');
      return result;
    } catch (error) {
      fetch.end(outcomeOf(error));
      throw error;
    }
  };

const outcomeOf = (error: unknown): string => {
  if (error instanceof CallFailure) return error.kind.toLowerCase();
  if (error instanceof DeadlinePassed) return 'timeout';
  if (error instanceof ClientGone) return 'client_gone';
  return error instanceof NotSent ? 'not_sent' : 'failed';
};
