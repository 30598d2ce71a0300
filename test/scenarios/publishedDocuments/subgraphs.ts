import type { TinySubgraph } from '../kit.ts';

const greetings: TinySubgraph = {
  typeDefs: 'type Query { hello(name: String!): String secret: String }',
  resolvers: { Query: { hello: (_: unknown, { name }: { name: string }) => `Hello ${name}`, secret: () => 'x' } },
};

export const subgraphs = { greetings };
