import { randomUUID } from 'node:crypto';
import type { Actor } from '@parley/kernel/actor';
import type { Subgraph, SubgraphResult } from '@parley/kernel/subgraph';
import type { Log } from './log.ts';
import { isObject } from './ownKeys.ts';

/** On whose behalf subgraphs are called. `signal` fires when the client is gone. */
export type Call = {
  readonly actor: Actor | null;
  readonly requestId: string;
  readonly signal?: AbortSignal | undefined;
};
export type SubgraphOperation = {
  readonly query: string;
  readonly operationName?: string | undefined;
  readonly variables?: Readonly<Record<string, unknown>> | undefined;
  readonly isMutation?: boolean;
};
export type FailureCode = 'SUBGRAPH_UNAVAILABLE' | 'UPSTREAM_TIMEOUT' | 'SUBGRAPH_INVALID_RESPONSE';

/** A call that gave no usable answer. Safe to show: what really happened is in the log under `errorId`. */
export class SubgraphFailure extends Error {
  readonly code: FailureCode;
  readonly extensions: Readonly<Record<string, unknown>>;

  constructor(code: FailureCode, errorId: string, isMutation: boolean) {
    super(messages[code]);
    this.code = code;
    // A mutation that did not answer in time may still have happened: the client must look before it retries (D22).
    this.extensions = { code, errorId, ...(isMutation && code === 'UPSTREAM_TIMEOUT' ? { outcome: 'UNKNOWN' } : {}) };
  }
}

const messages: Readonly<Record<FailureCode, string>> = {
  SUBGRAPH_UNAVAILABLE: 'This part of the answer is unavailable right now.',
  UPSTREAM_TIMEOUT: 'This part of the answer took too long.',
  SUBGRAPH_INVALID_RESPONSE: 'This part of the answer could not be read.',
};

export type CallSubgraph = (name: string, operation: SubgraphOperation, call: Call) => Promise<SubgraphResult>;

/** Calls subgraphs by name, each within the deadline. Rejects with a SubgraphFailure only. */
export const createCallSubgraph = (
  subgraphs: Readonly<Record<string, Subgraph>>,
  deadlineMs: number,
  log: Log,
): CallSubgraph => {
  const fail = (
    code: FailureCode,
    name: string,
    operation: SubgraphOperation,
    call: Call,
    err: unknown,
  ): SubgraphFailure => {
    const errorId = randomUUID();
    if (!call.signal?.aborted)
      log.error(
        { err, errorId, code, subgraph: name, operationName: operation.operationName, requestId: call.requestId },
        'subgraph call failed',
      );
    return new SubgraphFailure(code, errorId, operation.isMutation === true);
  };
  return async (name, operation, call) => {
    const subgraph = subgraphs[name];
    if (!subgraph) throw fail('SUBGRAPH_UNAVAILABLE', name, operation, call, new Error(`no subgraph named ${name}`));
    const { query, operationName, variables } = operation;
    const deadline = startDeadline(deadlineMs, call.signal);
    try {
      const answer = subgraph.execute({
        query,
        operationName,
        variables,
        actor: call.actor,
        requestId: call.requestId,
        signal: deadline.signal,
      });
      const result = await Promise.race([answer, deadline.passed]);
      if (!isResult(result))
        throw fail('SUBGRAPH_INVALID_RESPONSE', name, operation, call, new Error('not a GraphQL result'));
      return result;
    } catch (error) {
      if (error instanceof SubgraphFailure) throw error;
      throw fail(deadline.timedOut() ? 'UPSTREAM_TIMEOUT' : 'SUBGRAPH_UNAVAILABLE', name, operation, call, error);
    } finally {
      deadline.stop();
    }
  };
};

/** Aborts after `ms`, or with the client. `passed` rejects then, so that a subgraph deaf to the signal holds nobody up. */
const startDeadline = (ms: number, client: AbortSignal | undefined) => {
  const controller = new AbortController();
  let timedOut = false;
  const passed = new Promise<never>((_, reject) => {
    controller.signal.addEventListener('abort', () => reject(controller.signal.reason), { once: true });
  });
  passed.catch(() => {});
  const timer = setTimeout(() => {
    timedOut = true;
    controller.abort(new Error(`no answer within ${ms} ms`));
  }, ms);
  const onClientGone = (): void => controller.abort(new Error('the client is gone'));
  if (client?.aborted) onClientGone();
  client?.addEventListener('abort', onClientGone, { once: true });
  return {
    signal: controller.signal,
    passed,
    timedOut: () => timedOut,
    stop: () => {
      clearTimeout(timer);
      client?.removeEventListener('abort', onClientGone);
    },
  };
};

/** Is this shaped as the contract says? A subgraph reached over a network may be anything (D12, D14). */
export const isResult = (value: unknown): value is SubgraphResult => {
  if (!isObject(value)) return false;
  const { data, errors } = value;
  const errorsAreSound =
    errors === undefined ||
    (Array.isArray(errors) && errors.every((error) => isObject(error) && typeof error['message'] === 'string'));
  if (!errorsAreSound) return false;
  if (data === undefined || data === null) return Array.isArray(errors) && errors.length > 0;
  return isObject(data);
};
