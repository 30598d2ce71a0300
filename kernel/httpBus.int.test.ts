import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { StoredEvent } from './event.ts';
import { silentLog, tinySubgraph } from './fixture/tinySubgraph.ts';
import { eventsPath, httpBus } from './httpBus.ts';
import { createPoster, type Poster } from './poster.ts';
import { type ServedSubgraph, serveSubgraph } from './serveSubgraph.ts';
import { parseSubgraphAddress } from './subgraphAddress.ts';

const secrets = { signs: 'a secret of at least thirty-two bytes', accepts: null };
const event = (id: string): StoredEvent => ({
  id,
  type: 'sales.TurnReceived',
  data: { text: 'ü' },
  tenantId: 't',
  aggregateId: 'a',
  version: 1,
  schemaVersion: 1,
  occurredAt: '2026-01-01T00:00:00.000Z',
  actor: { kind: 'SERVICE', id: 'x' } as never,
});

describe('events over HTTP', () => {
  const follower = httpBus('analytics', []);
  let served: ServedSubgraph;
  let peer: Poster;
  before(async () => {
    served = await serveSubgraph({
      subgraph: tinySubgraph('analytics').subgraph,
      listen: { host: '127.0.0.1', port: 0 },
      secrets,
      log: silentLog,
      handlers: { [eventsPath]: follower.receive },
      drainMs: 100,
    });
    peer = createPoster({ name: 'analytics', address: parseSubgraphAddress(served.url), secrets });
  });
  after(() => served.close());

  test('K01, K02: told once every consumer has handled it, here and there; what fails is told again', async () => {
    const sales = httpBus('sales', [peer]);
    const handled: string[] = [];
    let fails = true;
    await sales.consume('here', ['sales.events'], async ({ id }) => void handled.push(`here ${id}`));
    const stop = await follower.consume('there', ['sales.events'], async (received) => {
      if (fails) throw new Error('not yet');
      assert.deepEqual(received, event(received.id));
      handled.push(`there ${received.id}`);
    });
    await assert.rejects(sales.publish('sales.events', [event('1')]));
    // It rests for a moment; the outbox comes back after a longer one.
    await assert.rejects(sales.publish('sales.events', [event('1')]));
    fails = false;
    for (const deadline = Date.now() + 5000; ; ) {
      const done = await sales.publish('sales.events', [event('1')]).then(
        () => true,
        () => false,
      );
      if (done) break;
      assert.ok(Date.now() < deadline);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    assert.ok(handled.includes('here 1'));
    assert.equal(handled.filter((line) => line === 'there 1').length, 1);
    await sales.publish('other.events', [event('2')]);
    assert.ok(!handled.some((line) => line.endsWith('2')));
    await stop();
    await sales.close();
  });
});
