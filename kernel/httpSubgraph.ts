import type { CallSecrets } from './callProof.ts';
import { createPoster } from './poster.ts';
import { createReplicas } from './replicas.ts';
import type { Subgraph, SubgraphResult } from './subgraph.ts';
import { parseSubgraphAddresses, type SubgraphAddress } from './subgraphAddress.ts';
import { createSubscriptionClient } from './subscriptionClient.ts';

export type HttpSubgraphOptions = {
  readonly name: string;
  /** See parseSubgraphAddresses. */
  readonly url: string;
  /** What calls are signed with; null for a subgraph that is not ours and takes plain GraphQL over HTTP. */
  readonly secrets: CallSecrets | null;
  readonly answerBytes?: number;
};
export type HttpSubgraph = Subgraph & { close(): Promise<void> };

/**
 * Calls a subgraph over HTTP, and its subscriptions over one graphql-ws socket, at whichever of its addresses answers.
 * Whoever calls checks the answer's shape.
 */
export const httpSubgraph = ({ url, ...options }: HttpSubgraphOptions): HttpSubgraph => {
  const places = parseSubgraphAddresses(url).map((address) => at(address, options));
  const [only] = places;
  if (only !== undefined && places.length === 1) return only;
  const { all, ask } = createReplicas(places);
  return {
    name: options.name,
    execute: (request) =>
      ask((replica, signal) => replica.execute({ ...request, signal }), {
        isRepeatable: isQuery(request.query),
        hedge: true,
        signal: request.signal,
      }),
    // Until it is live nothing of it was delivered.
    subscribe: (request) =>
      ask((replica) => replica.subscribe(request), { isRepeatable: true, signal: request.signal }),
    close: async () => {
      await Promise.all(all.map((replica) => replica.close()));
    },
  };
};

const at = (address: SubgraphAddress, options: Omit<HttpSubgraphOptions, 'url'>): HttpSubgraph => {
  const { name, secrets, answerBytes } = options;
  const poster = createPoster({ name, address, secrets, answerBytes });
  const socket = createSubscriptionClient({ name, address, secrets });
  return {
    name,
    execute: (request) => {
      const { query, operationName, variables } = request;
      return poster.post(address.path, { query, operationName, variables }, request) as Promise<SubgraphResult>;
    },
    subscribe: (request) => socket.subscribe(request),
    close: async () => {
      socket.close();
      await poster.close();
    },
  };
};

/** Certainly nothing but a query. */
const isQuery = (document: string): boolean => /^\s*(?:query\b|\{)/.test(document) && !/\bmutation\b/.test(document);
