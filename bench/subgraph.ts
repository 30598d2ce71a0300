/**
 * What a subgraph's executor costs per operation: compiled against graphql-js with parsed documents kept. Two schemas:
 * voice's own (Pothos, every field with a resolver) and plain rows. Ratios count. `node bench/subgraph.ts`
 */
import { buildSubgraphSchema } from '@apollo/subgraph';
import { createOperations } from '@parley/kernel/operations';
import { type GraphQLSchema, parse } from 'graphql';
import { schema as voiceSchema } from '../subgraphs/voice/schema/index.ts';
import { machine, median } from './lib/machine.ts';

const rows = Array.from({ length: 100 }, (_, id) => ({ id: `v${id}`, name: `Voice ${id}`, locale: 'en-US' }));
const plainSchema = buildSubgraphSchema({
  typeDefs: parse(`type Query { conversations(first: Int!): [Conversation!]! }
    type Conversation @key(fields: "id") { id: ID! status: String! turns: [Turn!]! }
    type Turn { id: ID! sequence: Int! role: String! text: String! }`),
  resolvers: {
    Query: {
      conversations: async (_: unknown, { first }: { first: number }) =>
        Array.from({ length: first }, (_, id) => ({
          id: `c${id}`,
          status: 'OPEN',
          turns: Array.from({ length: 10 }, (_, sequence) => ({
            id: `t${sequence}`,
            sequence,
            role: 'AGENT',
            text: 'The Pro plan costs 49 euros per month.',
          })),
        })),
    },
  },
});
const cases: readonly { name: string; schema: GraphQLSchema; query: string; context: object }[] = [
  {
    name: 'voice, 100 voices',
    schema: voiceSchema,
    query: 'query($n: Int!) { voices(first: $n) { edges { cursor node { id name locale } } pageInfo { endCursor } } }',
    context: { voice: { speech: { voices: async () => rows } } },
  },
  {
    name: 'plain rows, 20 × 10',
    schema: plainSchema,
    query: 'query($n: Int!) { conversations(first: $n) { id status turns { id sequence role text } } }',
    context: {},
  },
];
const rounds = 7;
const perRound = 300;

console.log(machine());
for (const { name, schema, query, context } of cases) {
  const variables = { n: name.startsWith('voice') ? 100 : 20 };
  const times: Record<'jit' | 'js', number[]> = { jit: [], js: [] };
  const answers = new Set<string>();
  const operations = { jit: createOperations(schema), js: createOperations(schema, { jit: false }) };
  for (let round = 0; round <= rounds; round++)
    for (const kind of ['jit', 'js'] as const) {
      const before = process.cpuUsage();
      for (let i = 0; i < perRound; i++) {
        const operation = operations[kind].find(query, undefined);
        if (!('execute' in operation)) throw operation[0];
        const answer = await operation.execute({ ...context }, variables);
        if (answer.errors) throw answer.errors[0];
        if (i === 0) answers.add(JSON.stringify(answer.data));
      }
      const { user, system } = process.cpuUsage(before);
      if (round > 0) times[kind].push((user + system) / 1000 / perRound);
    }
  if (answers.size !== 1) throw new Error('the two do not agree');
  const [jit, js] = [median(times.jit), median(times.js)];
  console.log(
    `${name.padEnd(20)} compiled ${jit.toFixed(3)} ms CPU   graphql-js ${js.toFixed(3)} ms   ${(js / jit).toFixed(1)}×`,
  );
}
