import type { GraphQLFormattedError } from 'graphql';
import type { Actor } from './actor.ts';

/** One call of a subgraph. `actor` is null only before sign-in (signUp, signIn, …). */
export type SubgraphRequest = {
  readonly query: string;
  readonly operationName?: string | undefined;
  readonly variables?: Readonly<Record<string, unknown>> | undefined;
  readonly actor: Actor | null;
  readonly requestId: string;
  /** Of the client, lower case, for subgraphs that are not ours; ours are told by `actor`. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly signal?: AbortSignal | undefined;
};
/** `data` belongs to the caller: it is a fresh object that may be merged into. Errors are already masked. */
export type SubgraphResult = {
  data?: Record<string, unknown> | null;
  errors?: readonly GraphQLFormattedError[];
};

/**
 * How one process part calls a subgraph: the gateway, and subgraph to subgraph. Two implementations: in process
 * (`inProcessSubgraph.ts`) and over HTTP + graphql-ws (`httpSubgraph.ts`). `subscribe` resolves once the stream is live: what happens
 * after that is delivered. It rejects with a GraphQLError when the subscription is refused; returning the iterator
 * frees everything upstream. What gave no answer at all rejects, over HTTP with a CallFailure.
 */
export type Subgraph = {
  readonly name: string;
  execute(request: SubgraphRequest): Promise<SubgraphResult>;
  subscribe(request: SubgraphRequest): Promise<AsyncIterableIterator<SubgraphResult>>;
};
