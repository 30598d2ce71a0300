import type { TinySubgraph } from '../kit.ts';

const shop: TinySubgraph = {
  typeDefs: 'type Query { item: Item } type Item @key(fields: "id") { id: ID! name: String! }',
  resolvers: { Query: { item: () => ({ id: '1', name: 'Lamp' }) } },
};
const stock: TinySubgraph = {
  typeDefs: 'type Item @key(fields: "id") { id: ID! left: Int }',
  resolvers: { Item: { __resolveReference: (given: object) => given, left: () => 3 } },
};

export const subgraphs = { shop, stock };
