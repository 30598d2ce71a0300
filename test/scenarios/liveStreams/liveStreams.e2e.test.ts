import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { createClient as createSseClient } from 'graphql-sse';
import { WebSocket } from 'ws';
import { socket } from '../../testkit/graphql.ts';
import { watch } from '../../testkit/live.ts';
import { type Scenario, startScenario } from '../kit.ts';
import { subgraphs } from './subgraphs.ts';

type Tick = { number: number; station: { name: string } };
const query = 'subscription($after: String) { ticks(after: $after) { number station { name } } }';
const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

describe('live streams', () => {
  let scenario: Scenario;
  before(async () => {
    scenario = await startScenario(import.meta.url, subgraphs);
  });
  after(() => scenario.end());

  test('a subgraph that restarts is subscribed to again after the last cursor; nobody notices', async () => {
    const client = socket(scenario.url);
    const live = watch<Tick>(client, 'ticks', query, { after: '0' });
    await live.until((_, items) => items.length === 20);
    await scenario.subgraphs['ticker']?.stop();
    await delay(300);
    await scenario.subgraphs['ticker']?.start();
    const before = live.items.length;
    await live.until((_, items) => items.length >= before + 20);
    live.leave();
    assert.deepEqual(
      live.items.map(({ number }) => number),
      upTo(live.items.length),
    );
    assert.ok(live.items.every(({ station }) => station.name === 'Station s1'));
    await client.dispose();
  });

  test('server-sent events bring the same', async () => {
    const client = createSseClient({ url: `${scenario.url}/graphql` });
    const numbers: number[] = [];
    for await (const { data } of client.iterate<{ ticks: Tick }>({ query, variables: { after: '5' } })) {
      numbers.push(data?.ticks.number ?? 0);
      if (numbers.length === 10) break;
    }
    assert.deepEqual(numbers, upTo(15).slice(5));
    client.dispose();
  });

  test('F15 M02 told to stop, it sends its sockets away, a few at a time, with a hint how to go on, and ends with 0', async () => {
    const open = async (): Promise<Promise<{ code: number; reason: string; at: number }>> => {
      const opened = new WebSocket(`${scenario.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
      await new Promise((resolve) => opened.once('open', resolve));
      opened.send('{"type":"connection_init"}');
      await new Promise((resolve) => opened.once('message', resolve));
      opened.send(JSON.stringify({ type: 'subscribe', id: '1', payload: { query } }));
      return new Promise((resolve) =>
        opened.once('close', (code, reason) => resolve({ code, reason: String(reason), at: performance.now() })),
      );
    };
    const closed: Promise<{ code: number; reason: string; at: number }>[] = [];
    for (let i = 0; i < 120; i++) {
      const { promise, resolve } = Promise.withResolvers<{ code: number; reason: string; at: number }>();
      closed.push(promise);
      void open().then((ending) => resolve(ending));
    }
    await delay(1500);
    assert.equal(await scenario.stop(), 0);
    const endings = await Promise.all(closed);
    for (const { code, reason } of endings)
      assert.deepEqual([code, reason], [1001, 'going away: resume from your last cursor']);
    const times = endings.map(({ at }) => at).sort((a, b) => a - b);
    assert.ok((times.at(-1) ?? 0) - (times[0] ?? 0) > 400, 'not all at once');
  });
});
