import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { StoredEvent } from './event.ts';
import { silentLog, tinySubgraph } from './fixture/tinySubgraph.ts';
import { eventsPath, httpBus } from './httpBus.ts';
import { createPoster, type Poster } from './poster.ts';
import { type ServedSubgraph, serveSubgraph } from './serveSubgraph.ts';
import { parseSubgraphAddress } from './subgraphAddress.ts';

const secrets = { signs: 'a secret of at least thirty-two bytes', accepts: null };
const event = (id: string, aggregateId = 'a'): StoredEvent => ({
  id,
  type: 'sales.TurnReceived',
  data: { text: 'ü' },
  tenantId: 't',
  aggregateId,
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
    await sales.consume(
      'here',
      ['sales.events'],
      async (events) => void handled.push(...events.map(({ id }) => `here ${id}`)),
    );
    const stop = await follower.consume('there', ['sales.events'], async (events) => {
      if (fails && events.some(({ aggregateId }) => aggregateId === 'a')) throw new Error('not yet');
      assert.deepEqual(
        events,
        events.map(({ id, aggregateId }) => event(id, aggregateId)),
      );
      handled.push(...events.map(({ id }) => `there ${id}`));
    });
    const events = [event('1', 'a'), event('2', 'b'), event('3', 'a')];
    assert.deepEqual(await sales.publish('sales.events', events), ['2']);
    fails = false;
    assert.deepEqual((await sales.publish('sales.events', [event('1', 'a'), event('3', 'a')])).toSorted(), ['1', '3']);
    assert.deepEqual(
      handled.filter((line) => line.startsWith('there')),
      ['there 2', 'there 1', 'there 3'],
    );
    assert.ok(handled.includes('here 1'));
    await sales.publish('other.events', [event('4')]);
    assert.ok(!handled.some((line) => line.endsWith('4')));
    await stop();
    await sales.close();
  });
});
