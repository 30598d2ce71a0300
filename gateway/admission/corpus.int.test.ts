import assert from 'node:assert/strict';
import { after, before, describe, mock, test } from 'node:test';
import { QueryPlanner } from '@apollo/query-planner';
import { corpus } from '../fixture/corpus.ts';
import { type Running, startFixture } from '../fixture/gateway.ts';
import { composeLimitedFixture } from '../fixture/limitedSupergraph.ts';
import { openSocket } from '../fixture/socket.ts';

type Errors = { message: string; extensions: { code: string } }[];

/** What one error may take, whatever was asked. */
const mostErrorBytes = 600;

describe('the corpus: each is refused before it is planned, with one short error, or runs', () => {
  let running: Running;
  let plans = 0;
  before(async () => {
    running = await startFixture({ supergraphSdl: composeLimitedFixture(), env: { GATEWAY_RATE_LIMIT_POINTS: '0' } });
    const { buildQueryPlan } = QueryPlanner.prototype;
    mock.method(
      QueryPlanner.prototype,
      'buildQueryPlan',
      function (this: QueryPlanner, ...given: Parameters<typeof buildQueryPlan>) {
        plans += 1;
        return buildQueryPlan.apply(this, given);
      },
    );
  });
  after(async () => {
    mock.restoreAll();
    await running.gateway.close();
  });

  for (const { row, about, query, variables, code } of corpus)
    test(`${row}: ${about}`, async () => {
      plans = 0;
      running.world.calls.length = 0;
      const over = await running.post({ query, variables }, { accept: 'application/graphql-response+json' });
      if (code === null) {
        assert.equal(over.status, 200, over.text.slice(0, 300));
        assert.equal(over.body.errors, undefined);
        assert.ok(plans <= 1);
        return;
      }
      const errors = over.body.errors as Errors;
      if (typeof code === 'string') assert.equal(errors[0]?.extensions.code, code);
      else assert.match(errors[0]?.extensions.code ?? '', code);
      assert.equal(over.status, 400);
      assert.equal(errors.length, 1);
      assert.ok(over.text.length < mostErrorBytes, over.text);
      assert.doesNotMatch(over.text, /SECRET/, 'what came in does not come back');

      const socket = await openSocket(running.gateway.url);
      await socket.init();
      socket.send({ type: 'subscribe', id: '1', payload: { query, variables } });
      const message = await socket.next();
      assert.equal(message.type, 'error', 'E36: over WebSocket as over HTTP');
      assert.deepEqual(message.payload, errors);
      socket.socket.close();

      assert.equal(plans, 0);
      assert.deepEqual(running.world.calls, []);
    });

  test('A11: many in one request are none', async () => {
    const reply = await running.post(Array(50).fill({ query: '{ motd }' }));
    assert.equal(reply.status, 400);
    assert.equal(reply.body.errors.length, 1);
  });
});
