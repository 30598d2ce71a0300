/** The process that bench/subscribers.ts measures: a gateway over the fixture's subgraphs, steered by messages. */
import { startFixture } from '../../gateway/fixture/gateway.ts';

const running = await startFixture({ env: { NODE_ENV: 'production' }, limits: { connections: 20_000 } });
const { world, gateway } = running;
process.on('message', (message: { append?: true; report?: true }) => {
  if (message.append) world.updates.append();
  if (!message.report) return;
  globalThis.gc?.();
  const { user, system } = process.cpuUsage();
  process.send?.({
    rss: process.memoryUsage.rss(),
    cpuMs: (user + system) / 1000,
    upstreams: world.updates.readers,
    executions: world.calls.filter(({ subgraph }) => subgraph === 'agent').length,
  });
});
process.send?.({ url: gateway.url });
