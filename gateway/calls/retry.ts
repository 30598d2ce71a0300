import { setTimeout as delay } from 'node:timers/promises';
import { CallFailure } from '@parley/kernel/callFailure';
import { unlessAborted } from './deadline.ts';
import type { CallPolicy } from './subgraphCall.ts';

/** Retries stored up while all is well, for the moment it is not. */
const mostStored = 10;
const jitterMs = [10, 60] as const;

/**
 * Tries a query once more when its connection could not be made or broke off (D04); a mutation never (D22). Each call
 * adds `share` of a retry to its subgraph's budget, so that retries stay that share of the calls however many fail,
 * and they wait a random moment, so that gateways do not come back all at once (D21).
 */
export const withRetry =
  (share = 0.1, wait: (least: number, most: number) => Promise<unknown> = someTime): CallPolicy =>
  (next) => {
    const budgets = new Map<string, number>();
    return async (name, operation, call) => {
      const budget = Math.min((budgets.get(name) ?? mostStored) + share, mostStored);
      budgets.set(name, budget);
      try {
        return await next(name, operation, call);
      } catch (error) {
        const left = budgets.get(name) ?? 0;
        if (operation.isMutation || !isBrokenConnection(error) || left < 1 || call.signal?.aborted) throw error;
        budgets.set(name, left - 1);
        await unlessAborted(wait(...jitterMs), call.signal);
        return next(name, operation, call);
      }
    };
  };

const someTime = (least: number, most: number): Promise<unknown> => delay(least + Math.random() * (most - least));

const isBrokenConnection = (error: unknown): boolean =>
  error instanceof CallFailure && (error.kind === 'UNREACHABLE' || error.kind === 'RESET');
