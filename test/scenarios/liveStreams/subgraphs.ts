import { setTimeout as delay } from 'node:timers/promises';
import type { TinySubgraph } from '../kit.ts';

/** Counts for ever, a hundred a second, from whatever cursor one left off at: `after` and `cursor` are what resuming needs. */
const ticker: TinySubgraph = {
  typeDefs: `
    type Query { unused: Int }
    type Subscription { ticks(after: String): Tick }
    type Tick { cursor: String! number: Int! station: Station! }
    type Station @key(fields: "id") { id: ID! }`,
  resolvers: {
    Subscription: {
      ticks: {
        async *subscribe(_: unknown, { after }: { after?: string | null }) {
          for (let number = Number(after ?? 0) + 1; ; number++) {
            await delay(10);
            yield { ticks: { cursor: String(number), number, station: { id: 's1' } } };
          }
        },
      },
    },
  },
};

const stations: TinySubgraph = {
  typeDefs: 'type Station @key(fields: "id") { id: ID! name: String! }',
  resolvers: { Station: { __resolveReference: ({ id }: { id: string }) => ({ id, name: `Station ${id}` }) } },
};

export const subgraphs = { ticker, stations };
