import { setTimeout as delay } from 'node:timers/promises';
import type { TinySubgraph } from '../kit.ts';

const healthy: TinySubgraph = {
  typeDefs: 'type Query { item: Item } type Item @key(fields: "id") { id: ID! name: String! }',
  resolvers: { Query: { item: () => ({ id: '1', name: 'Lamp' }) } },
};

/** Slow, too large, or wrong, as its field says. */
const sick: TinySubgraph = {
  typeDefs: 'type Item @key(fields: "id") { id: ID! slow: Int huge: String failing: Int required: Int! }',
  resolvers: {
    Item: {
      __resolveReference: (given: object) => given,
      slow: () => delay(5000, 1, { ref: false }),
      huge: () => 'x'.repeat(100_000),
      failing: () => {
        throw new Error('password of the database: hunter2');
      },
      required: () => null,
    },
  },
};

export const subgraphs = { healthy, sick };
