/**
 * What the gateway itself costs per operation, in process over the fixture's subgraphs whose answers are canned: the
 * compiled executor against Apollo's own on the same plans. Ratios count, not the numbers. `node bench/gateway.ts`
 */
import { ApolloServer } from '@apollo/server';
import { GraphQLError } from 'graphql';
import { CompilingGateway, type RequestContext } from '../gateway/apolloGateway.ts';
import { admin } from '../gateway/fixture/actors.ts';
import { createSubgraphs, createWorld } from '../gateway/fixture/subgraphs.ts';
import { composeFixture } from '../gateway/fixture/supergraph.ts';
import { defaultOperationLimits } from '../gateway/limits.ts';
import { silentLog } from '../gateway/log.ts';
import type { ExecutorKind } from '../gateway/plan.ts';
import { type CallSubgraph, createCallSubgraph } from '../gateway/subgraphRequest.ts';

const operations: Readonly<Record<string, string>> = {
  small: '{ motd }',
  medium:
    '{ conversation(id: "c1") { id status summary metrics { turnCount } owner { name nickname } agent { name } } }',
  large:
    '{ conversations { id status tags summary metrics { turnCount talkRatio } owner { name nickname manager { name nickname } } agent { name favourite { id summary } } turns { id sequence text reply { model agent { name } } speaker { name nickname } } } }',
};
const rounds = 5;
const perRound = 400;

/** Answers each distinct call once for real, then from memory, as fresh text each time: subgraphs cost next to nothing. */
const canned = (real: CallSubgraph): CallSubgraph => {
  const answers = new Map<string, string>();
  return async (name, operation, call) => {
    const key = name + operation.query + JSON.stringify(operation.variables);
    const text = answers.get(key) ?? JSON.stringify(await real(name, operation, call));
    answers.set(key, text);
    return JSON.parse(text);
  };
};

const prepare = async (executor: ExecutorKind) => {
  const callSubgraph = canned(createCallSubgraph(createSubgraphs(createWorld()), 5000, silentLog));
  const gateway = new CompilingGateway(composeFixture(), {
    callSubgraph,
    limits: defaultOperationLimits,
    introspection: true,
    documents: 100,
    log: silentLog,
    executor,
  });
  const apollo = new ApolloServer<RequestContext>({ gateway, stopOnTerminationSignals: false });
  await apollo.start();
  const run = async (query: string): Promise<void> => {
    const { engine } = gateway;
    const document = engine.documents.prepare(query);
    if (document instanceof GraphQLError) throw document;
    const operation = engine.find(document, null);
    if (operation instanceof GraphQLError) throw operation;
    await engine.runToJson(engine.compiledFor(operation, admin, {}), {}, { actor: admin, requestId: 'bench' });
  };
  return { run, stop: () => apollo.stop() };
};

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

const [compiled, stock] = [await prepare('compiled'), await prepare('stock')];
for (const [name, query] of Object.entries(operations)) {
  const times: Record<ExecutorKind, number[]> = { compiled: [], stock: [] };
  for (let round = 0; round <= rounds; round++)
    for (const [kind, { run }] of [
      ['compiled', compiled],
      ['stock', stock],
    ] as const) {
      const started = performance.now();
      for (let i = 0; i < perRound; i++) await run(query);
      if (round > 0) times[kind].push((performance.now() - started) / perRound);
    }
  const [ours, theirs] = [median(times.compiled), median(times.stock)];
  console.log(
    `${name.padEnd(7)} compiled ${ours.toFixed(3)} ms   stock ${theirs.toFixed(3)} ms   ${(theirs / ours).toFixed(1)}×`,
  );
}
await Promise.all([compiled.stop(), stock.stop()]);
