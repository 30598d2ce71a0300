import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApolloServer } from '@apollo/server';
import { GraphQLError } from 'graphql';
import { defaultOperationLimits } from '../admission/limits.ts';
import { createCallSubgraph } from '../calls/subgraphRequest.ts';
import { admin } from '../fixture/actors.ts';
import { createBench } from '../fixture/engine.ts';
import { createSubgraphs, createWorld } from '../fixture/subgraphs.ts';
import { composeFixture } from '../fixture/supergraph.ts';
import { silentLog } from '../log.ts';
import { CompilingGateway, type RequestContext } from '../planning/apolloGateway.ts';

const queries = [
  '{ conversation(id: "c1") { id: status summary owner { n: name nickname } turns { reply { model } } } t: __typename __schema { queryType { name } } }',
  '{ media { title rating ... on Slide { page secret } } search(text: "x") { __typename ... on Turn { sequence } } }',
  '{ __proto__: conversations { constructor: id agent { name } } user(id: "u1") { salary } }',
  'mutation { a: appendAgent(text: "1") b: appendAuth(text: "2") }',
];

test('what is not compiled goes through Apollo’s own executor and comes out the same', async () => {
  const compiled = createBench();
  const gateway = new CompilingGateway(composeFixture(), {
    callSubgraph: createCallSubgraph(createSubgraphs(createWorld()), 2000, silentLog),
    limits: defaultOperationLimits,
    introspection: true,
    documents: 10,
    log: silentLog,
    executor: 'stock',
  });
  const apollo = new ApolloServer<RequestContext>({ gateway, stopOnTerminationSignals: false });
  await apollo.start();
  for (const query of queries)
    for (const actor of [admin, null]) {
      const { engine } = gateway;
      const document = engine.documents.prepare(query);
      assert.ok(!(document instanceof GraphQLError));
      const operation = engine.find(document, null);
      assert.ok(!(operation instanceof GraphQLError));
      const answer = await engine.run(engine.compiledFor(operation, actor, {}), {}, { actor, requestId: 'test' });
      assert.deepEqual(JSON.parse(JSON.stringify(answer)), await compiled.run(query, { actor }), query);
    }
  await apollo.stop();
});
