import { randomUUID } from 'node:crypto';
import { CallFailure, type CallFailureKind } from '@parley/kernel/callFailure';
import type { Subgraph, SubgraphResult } from '@parley/kernel/subgraph';
import { isObject } from '../execution/ownKeys.ts';
import type { Log } from '../log.ts';
import { type BulkheadOptions, withBulkhead } from './bulkhead.ts';
import { withCircuitBreaker } from './circuitBreaker.ts';
import { unlessAborted, withDeadline } from './deadline.ts';
import { withDeduplication } from './deduplicate.ts';
import { withRetry } from './retry.ts';
import { type CallPolicy, type CallSubgraph, DeadlinePassed, NotSent } from './subgraphCall.ts';

export type { Call, CallSubgraph, SubgraphOperation } from './subgraphCall.ts';

export type FailureCode = 'SUBGRAPH_UNAVAILABLE' | 'UPSTREAM_TIMEOUT' | 'SUBGRAPH_INVALID_RESPONSE';

/** A call that gave no usable answer. Safe to show: what really happened is in the log under `errorId`. */
export class SubgraphFailure extends Error {
  readonly code: FailureCode;
  readonly extensions: Readonly<Record<string, unknown>>;

  constructor(code: FailureCode, errorId: string, outcomeUnknown: boolean) {
    super(messages[code]);
    this.code = code;
    // A mutation that broke off may still have happened: the client must look before it retries (D22).
    this.extensions = { code, errorId, ...(outcomeUnknown ? { outcome: 'UNKNOWN' } : {}) };
  }
}

const messages: Readonly<Record<FailureCode, string>> = {
  SUBGRAPH_UNAVAILABLE: 'This part of the answer is unavailable right now.',
  UPSTREAM_TIMEOUT: 'This part of the answer took too long.',
  SUBGRAPH_INVALID_RESPONSE: 'This part of the answer could not be read.',
};

/** Which of the policies calls pass; those left out they do not. */
export type CallPolicies = {
  readonly bulkhead?: BulkheadOptions;
  readonly circuitBreaker?: boolean;
  readonly retry?: boolean;
  readonly deduplicate?: boolean;
  /** Sees each attempt. */
  readonly observe?: CallPolicy;
};

/** Calls subgraphs by name, each within the deadline and by the policies. Rejects with a SubgraphFailure only. */
export const createCallSubgraph = (
  subgraphs: Readonly<Record<string, Subgraph>>,
  deadlineMs: number,
  log: Log,
  { bulkhead, circuitBreaker = false, retry = false, deduplicate = false, observe }: CallPolicies = {},
): CallSubgraph => {
  const inOrder: readonly (CallPolicy | false)[] = [
    withKind,
    withMask(log),
    deduplicate && withDeduplication(),
    withDeadline(deadlineMs),
    bulkhead !== undefined && withBulkhead(bulkhead),
    circuitBreaker && withCircuitBreaker(log),
    retry && withRetry(),
    observe ?? false,
  ];
  return inOrder.reduceRight<CallSubgraph>((next, policy) => (policy ? policy(next) : next), send(subgraphs));
};

/** Who does not say whether it is a mutation (Apollo's own executor) is looked at: a mutation is never shared or tried again. */
const withKind: CallPolicy = (next) => (name, operation, call) =>
  operation.isMutation === undefined
    ? next(name, { ...operation, isMutation: /^\s*mutation\b/.test(operation.query) }, call)
    : next(name, operation, call);

const send =
  (subgraphs: Readonly<Record<string, Subgraph>>): CallSubgraph =>
  async (name, { query, operationName, variables }, { actor, requestId, headers, signal }) => {
    const subgraph = Object.hasOwn(subgraphs, name) ? subgraphs[name] : undefined;
    if (!subgraph) throw new NotSent(`no subgraph named ${name}`);
    const request = { query, operationName, variables, actor, requestId, headers, signal };
    const result = await unlessAborted(subgraph.execute(request), signal);
    if (!isResult(result)) throw new CallFailure('INVALID', 'not a GraphQL result');
    return result;
  };

/** What went wrong, for the log; for the client no more than its kind (D04 to D09, D12 to D14). */
const withMask =
  (log: Log): CallPolicy =>
  (next) =>
  async (name, operation, call) => {
    try {
      return await next(name, operation, call);
    } catch (err) {
      const errorId = randomUUID();
      const kind = err instanceof CallFailure ? err.kind : undefined;
      const code = codeOf(err, kind);
      const { operationName, isMutation = false } = operation;
      const details = { err, errorId, code, kind, subgraph: name, operationName, requestId: call.requestId };
      if (kind === 'REFUSED')
        log.error(details, 'a subgraph refuses our calls: have both the same SUBGRAPH_SECRET, and clocks that agree?');
      else if (!call.signal?.aborted) log.error(details, 'subgraph call failed');
      throw new SubgraphFailure(code, errorId, isMutation && mayHaveHappened(err, kind));
    }
  };

const unreadable: ReadonlySet<CallFailureKind | undefined> = new Set(['INVALID', 'TOO_LARGE', 'REDIRECT', 'TAMPERED']);
const neverBegun: ReadonlySet<CallFailureKind | undefined> = new Set(['UNREACHABLE', 'REFUSED', 'REDIRECT']);

const codeOf = (error: unknown, kind: CallFailureKind | undefined): FailureCode => {
  if (error instanceof DeadlinePassed || kind === 'TIMEOUT') return 'UPSTREAM_TIMEOUT';
  return unreadable.has(kind) ? 'SUBGRAPH_INVALID_RESPONSE' : 'SUBGRAPH_UNAVAILABLE';
};

const mayHaveHappened = (error: unknown, kind: CallFailureKind | undefined): boolean =>
  !(error instanceof NotSent) && !neverBegun.has(kind);

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
