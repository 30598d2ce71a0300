/**
 * Sends one query again and again. Arguments: url, query name, seconds, clients, `unique` or `one` Authorization header,
 * and requests a second: without it each client sends its next request when it has the answer, with it requests are sent
 * at that rate and their time counts from when they were due. Prints one line of JSON.
 */
import { Pool } from 'undici';
import { percentile } from '../lib/machine.ts';
import { type QueryName, queries } from './world.ts';

const [url = '', name = 'big', seconds = '3', clients = '50', header = 'unique', rate = '0'] = process.argv.slice(2);
const { origin, pathname } = new URL(url);
const body = JSON.stringify({ query: queries[name as QueryName], operationName: name === 'big' ? 'Big' : 'Small' });
const pool = new Pool(origin, { connections: Number(clients), pipelining: 1 });
const times: number[] = [];
let [bytes, failed] = [0, 0];

const send = async (client: number, due: number): Promise<void> => {
  const from = Math.min(due, performance.now());
  const answer = await pool.request({
    method: 'POST',
    path: pathname,
    headers: {
      'content-type': 'application/json',
      accept: 'application/json',
      authorization: `Bearer ${header === 'unique' ? client : 'everyone'}`,
    },
    body,
  });
  const received = Buffer.from(await answer.body.arrayBuffer());
  bytes = received.length;
  if (answer.statusCode !== 200 || received.includes('"errors"')) failed += 1;
  if (from >= counted) times.push(performance.now() - from);
};

const started = performance.now();
/** At a rate, the first second is for this process: it connects, and its code is compiled. */
const counted = started + (Number(rate) === 0 ? 0 : 1000);
const end = counted + Number(seconds) * 1000;
if (Number(rate) === 0) {
  const loop = async (client: number): Promise<void> => {
    while (performance.now() < end) await send(client, performance.now());
  };
  await Promise.all(Array.from({ length: Number(clients) }, (_, client) => loop(client)));
} else {
  const gap = 1000 / Number(rate);
  const sent: Promise<void>[] = [];
  for (let due = started, client = 0; due < end; due += gap, client++) {
    const wait = due - performance.now();
    if (wait > 1) await new Promise((resolve) => setTimeout(resolve, wait));
    sent.push(send(client % Number(clients), due));
  }
  await Promise.all(sent);
}
const took = (performance.now() - counted) / 1000;
console.log(
  JSON.stringify({
    requests: times.length,
    perSecond: times.length / took,
    p50: percentile(times, 50),
    p99: percentile(times, 99),
    bytes,
    failed,
  }),
);
await pool.close();
