import type { Actor } from '@parley/kernel/actor';
import type { SubgraphResult } from '@parley/kernel/subgraph';
import type { Observation } from '../telemetry/observe.ts';

/** On whose behalf subgraphs are called. `signal` fires when the client is gone. */
export type Call = {
  readonly actor: Actor | null;
  readonly requestId: string;
  /** The address the client called from. */
  readonly peer?: string | undefined;
  /** Of the client, those that may be passed on to subgraphs that are not ours; lower case. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Where what happens to this operation is written down. */
  readonly observed?: Observation | undefined;
  /** Something has just happened that the answer must show: no answer on its way already will do. */
  readonly fresh?: boolean;
};
export type SubgraphOperation = {
  readonly query: string;
  readonly operationName?: string | undefined;
  readonly variables?: Readonly<Record<string, unknown>> | undefined;
  readonly isMutation?: boolean;
};

/** Calls a subgraph by its name. */
export type CallSubgraph = (name: string, operation: SubgraphOperation, call: Call) => Promise<SubgraphResult>;
/** Something every call passes on its way to the subgraph, and its answer on its way back. */
export type CallPolicy = (next: CallSubgraph) => CallSubgraph;

/** The call never left this process: a subgraph that is known to be down, or too many calls under way. */
export class NotSent extends Error {}
/** The reason of a signal that fired because its deadline passed. */
export class DeadlinePassed extends Error {
  // As AbortSignal.timeout names it.
  override readonly name = 'TimeoutError';
}
/** The reason of a signal that fired because nobody waits for the answer any more. */
export class ClientGone extends Error {}
