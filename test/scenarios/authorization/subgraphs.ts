import type { TinySubgraph } from '../kit.ts';

const orders: TinySubgraph = {
  typeDefs: `
    type Query { order: Order me: String @authenticated }
    type Order @key(fields: "id") { id: ID! status: String total: Int @requiresScopes(scopes: [["orders:read", "prices:read"], ["admin"]]) }
    type Subscription { sold: Order @policy(policies: [["trader"]]) }`,
  resolvers: {
    Query: { order: () => ({ id: '1', status: 'OPEN', total: 42 }), me: () => 'you' },
    Subscription: {
      sold: {
        async *subscribe() {
          yield { sold: { id: '1', status: 'SOLD', total: 42 } };
        },
      },
    },
  },
};

/** Made of what is guarded: asks of its readers what `total` asks. */
const taxes: TinySubgraph = {
  typeDefs: `
    type Order @key(fields: "id") { id: ID! total: Int @external tax: Int @requires(fields: "total") @requiresScopes(scopes: [["orders:read", "prices:read"], ["admin"]]) }`,
  resolvers: {
    Order: { __resolveReference: (given: object) => given, tax: ({ total = 0 }: { total?: number }) => total / 2 },
  },
};

export const subgraphs = { orders, taxes };
