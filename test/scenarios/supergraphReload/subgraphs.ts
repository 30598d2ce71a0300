import type { TinySubgraph } from '../kit.ts';

const first: TinySubgraph = { typeDefs: 'type Query { version: Int }', resolvers: { Query: { version: () => 1 } } };

/** Joins the supergraph later. */
export const counter: TinySubgraph = {
  typeDefs: 'type Query { count: Int }',
  resolvers: { Query: { count: () => 7 } },
};

export const subgraphs = { first };
