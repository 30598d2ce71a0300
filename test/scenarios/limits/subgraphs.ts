import type { TinySubgraph } from '../kit.ts';

type Item = { readonly id: number };

/** Lists that say how long they are, and a field that is dear. */
const library: TinySubgraph = {
  typeDefs: `
    type Query {
      books(first: Int!): [Book!]! @listSize(slicingArguments: ["first"])
      report: Int @cost(weight: 400)
    }
    type Book @key(fields: "id") { id: ID! title: String! similar(first: Int!): [Book!]! @listSize(slicingArguments: ["first"]) }`,
  resolvers: {
    Query: {
      books: (_: unknown, { first }: { first: number }) => Array.from({ length: first }, (_, id) => ({ id })),
      report: () => 1,
    },
    Book: {
      title: ({ id }: Item) => `Book ${id}`,
      similar: ({ id }: Item, { first }: { first: number }) =>
        Array.from({ length: first }, (_, n) => ({ id: id + n })),
    },
  },
};

export const subgraphs = { library };
