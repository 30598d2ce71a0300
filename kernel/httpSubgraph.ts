import type { CallSecrets } from './callProof.ts';
import { createPoster } from './poster.ts';
import type { Subgraph, SubgraphResult } from './subgraph.ts';
import { parseSubgraphAddress } from './subgraphAddress.ts';
import { createSubscriptionClient } from './subscriptionClient.ts';

export type HttpSubgraphOptions = {
  readonly name: string;
  /** See parseSubgraphAddress. */
  readonly url: string;
  /** What calls are signed with; null for a subgraph that is not ours and takes plain GraphQL over HTTP. */
  readonly secrets: CallSecrets | null;
  readonly answerBytes?: number;
};
export type HttpSubgraph = Subgraph & { close(): Promise<void> };

/** Calls a subgraph over HTTP, and its subscriptions over one graphql-ws socket. Whoever calls checks the answer's shape. */
export const httpSubgraph = ({ name, url, secrets, answerBytes }: HttpSubgraphOptions): HttpSubgraph => {
  const address = parseSubgraphAddress(url);
  const poster = createPoster({ name, address, secrets, answerBytes });
  const socket = createSubscriptionClient({ name, address, secrets });
  return {
    name,
    execute: async (request) => {
      const { query, operationName, variables } = request;
      return (await poster.post(address.path, { query, operationName, variables }, request)) as SubgraphResult;
    },
    subscribe: (request) => socket.subscribe(request),
    close: async () => {
      socket.close();
      await poster.close();
    },
  };
};
