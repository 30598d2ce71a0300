import assert from 'node:assert/strict';
import { test } from 'node:test';
import { serverAudits } from 'graphql-http';
import { startFixture } from '../fixture/gateway.ts';

/** Allowed by the specification, given up for A08: a GET without a header that makes browsers ask first is refused. */
const givenUp = ['5A70', '6A70', 'D6D5'];

test('A01 A02: the audits of GraphQL over HTTP, introspection on', async (t) => {
  const running = await startFixture({ env: { GATEWAY_INTROSPECTION: 'true' } });
  t.after(() => running.gateway.close());
  const tally = { ok: 0, notice: 0, warn: 0, error: 0 };
  const notices: string[] = [];
  for (const { id, name, fn } of serverAudits({ url: running.gateway.url, fetchFn: fetch }))
    await t.test(`${id} ${name}`, async () => {
      const result = await fn();
      tally[result.status] += 1;
      if (result.status === 'notice') notices.push(id);
      else if (result.status !== 'ok') assert.fail(`${result.status}: ${result.reason}`);
    });
  t.diagnostic(JSON.stringify(tally));
  assert.deepEqual(notices.toSorted(), givenUp.toSorted());
  assert.deepEqual(tally, { ok: 58, notice: 3, warn: 0, error: 0 });
});
