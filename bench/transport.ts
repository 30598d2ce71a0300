/**
 * What one call of a subgraph costs by the way it goes: in process, over a Unix socket and over TCP, signed.
 * Caller and called share this process, so the figure is the CPU of both sides. `node bench/transport.ts`
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { silentLog, tinySubgraph } from '@parley/kernel/fixture/tinySubgraph';
import { httpSubgraph } from '@parley/kernel/httpSubgraph';
import { type ListenAddress, serveSubgraph } from '@parley/kernel/serveSubgraph';
import type { Subgraph } from '@parley/kernel/subgraph';
import { machine, median } from './lib/machine.ts';

const secrets = { signs: 'a secret of at least thirty-two bytes', accepts: null };
const actor = {
  kind: 'USER',
  id: 'user-1',
  tenantId: 'tenant-1',
  role: 'OWNER',
  scopes: ['conversations:read', 'conversations:write'],
  partnerId: null,
  conversationId: null,
  sessionId: 's',
  expiresAt: 1_900_000_000,
} as const;
const rounds = 5;
const perRound = 1500;
const atOnce = 16;

const folder = await mkdtemp(path.join(tmpdir(), 'parley-bench-'));
const { subgraph, seen } = tinySubgraph();
const stops: (() => Promise<void>)[] = [];
const over = async (listen: ListenAddress): Promise<Subgraph> => {
  const served = await serveSubgraph({ subgraph, listen, secrets, log: silentLog });
  const remote = httpSubgraph({ name: 'tiny', url: served.url, secrets });
  stops.push(remote.close, served.close);
  return remote;
};
const ways: Readonly<Record<string, Subgraph>> = {
  'in process': subgraph,
  'Unix socket': await over({ socketPath: path.join(folder, 'tiny.sock') }),
  'TCP, loopback': await over({ host: '127.0.0.1', port: 0 }),
};

console.log(machine());
for (const [name, query, variables] of [
  ['small', 'query($n: String!) { hello(name: $n) }', { n: 'Ana' }],
  ['16 kB', 'query($b: Int!) { big(bytes: $b) }', { b: 16_384 }],
] as const) {
  const times = new Map(Object.keys(ways).map((way) => [way, [] as number[]]));
  for (let round = 0; round <= rounds; round++)
    for (const [way, called] of Object.entries(ways)) {
      const before = process.cpuUsage();
      await Promise.all(
        Array.from({ length: atOnce }, async () => {
          for (let i = 0; i < perRound / atOnce; i++) {
            const { errors } = await called.execute({ query, variables, actor, requestId: 'bench' });
            if (errors) throw new Error(errors[0]?.message);
          }
        }),
      );
      seen.requests.length = 0;
      const { user, system } = process.cpuUsage(before);
      if (round > 0) times.get(way)?.push((user + system) / perRound);
    }
  for (const [way, values] of times)
    console.log(`${name.padEnd(6)} ${way.padEnd(14)} ${median(values).toFixed(1).padStart(6)} µs CPU, both sides`);
}
for (const stop of stops) await stop();
await rm(folder, { recursive: true });
