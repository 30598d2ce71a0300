/**
 * One conversation watched by many: how many streams and executions that costs, how late each gets an event, and what
 * an idle subscriber takes. The gateway is a process of its own over three subgraphs in it; the load runs beside it.
 *
 * npm run bench:subscribers [-- --subscribers 1000 --events 200]
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { WebSocket } from 'ws';
import { machine, percentile } from './lib/machine.ts';

const { values } = parseArgs({
  options: { subscribers: { type: 'string', default: '1000' }, events: { type: 'string', default: '200' } },
});
const subscribers = Number(values.subscribers);
const events = Number(values.events);
const eventsPerSecond = 10;

type Report = { rss: number; cpuMs: number; upstreams: number; executions: number };

const gateway = spawn(
  process.execPath,
  ['--expose-gc', new URL('./subscribers/gateway.ts', import.meta.url).pathname],
  {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  },
);
const told = async <T>(message: object | null): Promise<T> => {
  if (message) gateway.send(message);
  return (await once(gateway, 'message'))[0] as T;
};

console.log(machine());
try {
  const { url } = await told<{ url: string }>(null);
  const before = await told<Report>({ report: true });
  const latencies: number[] = [];
  let delivered = 0;
  const open = async (): Promise<WebSocket> => {
    const socket = new WebSocket(url.replace('http', 'ws'), 'graphql-transport-ws', { perMessageDeflate: false });
    await once(socket, 'open');
    socket.send('{"type":"connection_init"}');
    await once(socket, 'message');
    socket.send(
      JSON.stringify({
        id: '1',
        type: 'subscribe',
        payload: {
          query:
            'subscription($after: String) { updates(conversationId: "c1", after: $after) { cursor number sentAt conversation { id status summary agent { name } } } }',
          variables: { after: '0' },
        },
      }),
    );
    socket.on('message', (data: Buffer) => {
      const arrived = Date.now();
      delivered += 1;
      const at = data.indexOf('"sentAt":');
      latencies.push(arrived - Number(data.subarray(at + 9, at + 22)));
    });
    return socket;
  };
  const sockets: WebSocket[] = [];
  for (let i = 0; i < subscribers; i += 50)
    sockets.push(...(await Promise.all(Array.from({ length: Math.min(50, subscribers - i) }, open))));
  await delay(2000);
  const idle = await told<Report>({ report: true });
  for (let event = 0; event < events; event++) {
    gateway.send({ append: true });
    await delay(1000 / eventsPerSecond);
  }
  for (let i = 0; i < 100 && delivered < events * subscribers; i++) await delay(50);
  const after = await told<Report>({ report: true });
  console.log(`${subscribers} subscribers of one conversation, ${events} events, ${eventsPerSecond} a second`);
  console.log(`streams upstream             ${after.upstreams}`);
  console.log(`executions per event         ${((after.executions - idle.executions) / events).toFixed(2)}`);
  console.log(`delivered                    ${delivered} of ${events * subscribers}`);
  console.log(
    `delivery                     p50 ${percentile(latencies, 50)} ms   p95 ${percentile(latencies, 95)} ms   p99 ${percentile(latencies, 99)} ms`,
  );
  console.log(
    `gateway's CPU per delivery   ${(((after.cpuMs - idle.cpuMs) / delivered) * 1000).toFixed(1)} µs (subgraphs included)`,
  );
  console.log(
    `an idle subscriber takes     ${((idle.rss - before.rss) / subscribers / 1024).toFixed(1)} KiB of RSS, its socket included`,
  );
  for (const socket of sockets) socket.terminate();
  process.exitCode = delivered === events * subscribers && after.upstreams === 1 ? 0 : 1;
} finally {
  gateway.kill();
}
