import type { TinySubgraph } from '../kit.ts';

type Product = { readonly id: string; readonly __typename: string; readonly weight?: number };
const product = (id: string): Product => ({ id, __typename: id.startsWith('b') ? 'Book' : 'Lamp' });

/** Names products. */
const catalogue: TinySubgraph = {
  typeDefs: `
    type Query { products: [Product!]! }
    interface Product { id: ID! name: String! }
    type Book implements Product @key(fields: "id") { id: ID! name: String! pages: Int! weight: Int! }
    type Lamp implements Product @key(fields: "id") { id: ID! name: String! weight: Int! }`,
  resolvers: {
    Query: { products: () => ['b1', 'l1', 'b2'].map(product) },
    Product: { __resolveType: ({ __typename }: Product) => __typename },
    Book: {
      __resolveReference: ({ id }: Product) => product(id),
      name: () => 'A book',
      pages: () => 300,
      weight: () => 2,
    },
    Lamp: { __resolveReference: ({ id }: Product) => product(id), name: () => 'A lamp', weight: () => 5 },
  },
};

/** Says what sending one costs, by the weight that the catalogue knows. */
const shipping: TinySubgraph = {
  typeDefs: `
    type Book @key(fields: "id") { id: ID! weight: Int! @external shippingCost: Int @requires(fields: "weight") }
    type Lamp @key(fields: "id") { id: ID! weight: Int! @external shippingCost: Int @requires(fields: "weight") }`,
  resolvers: {
    Book: { __resolveReference: (given: Product) => given, shippingCost: ({ weight = 0 }: Product) => weight * 10 },
    Lamp: { __resolveReference: (given: Product) => given, shippingCost: ({ weight = 0 }: Product) => weight * 20 },
  },
};

export const subgraphs = { catalogue, shipping };
