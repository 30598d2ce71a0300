/**
 * How long each operation of the corpus holds up everyone else: the longest time the event loop of a gateway does not
 * turn while it answers one. Each runs on a gateway that has never seen it, in so many rounds; without subgraphs over a
 * network, so that what is measured is the gateway. The goal is 50 ms.
 *
 * npm run bench:corpus [rounds]
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { corpus } from '../gateway/fixture/corpus.ts';
import { startFixture } from '../gateway/fixture/gateway.ts';
import { composeLimitedFixture } from '../gateway/fixture/limitedSupergraph.ts';
import { machine, percentile } from './lib/machine.ts';

const [rounds = 5] = process.argv.slice(2).map(Number);
const supergraphSdl = composeLimitedFixture();
const held = new Map(corpus.map((entry) => [entry, [] as number[]]));
const outcomes = new Map<(typeof corpus)[number], string>();

for (let round = 0; round <= rounds; round++) {
  const { gateway, post } = await startFixture({ supergraphSdl, env: { GATEWAY_RATE_LIMIT_POINTS: '0' } });
  await post({ query: '{ motd conversations(first: 2) { id turns(first: 1) { id } owner { name } } }' });
  for (const entry of corpus) {
    const { query, variables } = entry;
    const body = JSON.stringify({ query, variables });
    await delay(15);
    const loop = monitorEventLoopDelay({ resolution: 1 });
    loop.enable();
    await delay(5);
    const reply = await post(body);
    await delay(5);
    loop.disable();
    outcomes.set(entry, reply.body.errors?.[0]?.extensions?.code ?? 'ran');
    // The first gateway also warms the code of the process, as one that has run for a while has.
    if (round > 0) held.get(entry)?.push(loop.max / 1e6);
  }
  await gateway.close();
}

console.log(`${machine()}\nevent loop held, ms, over ${rounds} rounds on gateways that had not seen the operation`);
console.log(`${''.padEnd(58)}   median   longest`);
for (const [entry, times] of held)
  console.log(
    `${entry.row} ${entry.about}`.padEnd(58),
    percentile(times, 50).toFixed(1).padStart(8),
    Math.max(...times)
      .toFixed(1)
      .padStart(9),
    ` ${outcomes.get(entry)}`,
  );
const worst = [...held]
  .map(([entry, times]) => ({ entry, median: percentile(times, 50) }))
  .sort((a, b) => b.median - a.median)[0];
console.log(`longest median: ${worst?.median.toFixed(1)} ms, ${worst?.entry.row} ${worst?.entry.about}`);
