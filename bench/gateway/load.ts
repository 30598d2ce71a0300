/**
 * Sends one query again and again. Arguments: url, query name, seconds, clients, `unique` or `one` Authorization header,
 * and requests a second: without it each client sends its next request when it has the answer, with it requests are sent
 * at that rate and their time counts from when they were due. Each client has a connection of its own, over the leanest
 * client there is here: what it takes of the machine is missing to whom it measures. Prints one line of JSON, of the windows
 * in which the host let the machine be (see `QuietWindows`); `requests` are all.
 */
import { HttpConnection } from '../../kernel/httpConnection.ts';
import { parseSubgraphAddress } from '../../kernel/subgraphAddress.ts';
import { percentile } from '../lib/machine.ts';
import { QuietWindows } from '../lib/quietWindows.ts';
import { type QueryName, queries } from './world.ts';

const [url = '', name = 'big', seconds = '3', clients = '50', header = 'unique', rate = '0'] = process.argv.slice(2);
const address = parseSubgraphAddress(url);
const body = JSON.stringify({ query: queries[name as QueryName], operationName: name === 'big' ? 'Big' : 'Small' });
const limits = { answerBytes: 1e6, signal: undefined, refuse: () => null };
const times = new QuietWindows();
let [requests, bytes, failed] = [0, 0, 0];

type Client = { connection: HttpConnection | null; readonly headers: Readonly<Record<string, string>> };
const idle = Array.from(
  { length: Number(clients) },
  (_, client): Client => ({
    connection: null,
    headers: {
      'content-type': 'application/json',
      accept: 'application/json',
      authorization: `Bearer ${header === 'unique' ? client : 'everyone'}`,
    },
  }),
);
const waiting: ((client: Client) => void)[] = [];
const take = (): Client | Promise<Client> => idle.pop() ?? new Promise((resolve) => waiting.push(resolve));

const send = async (due: number): Promise<void> => {
  const from = Math.min(due, performance.now());
  const client = await take();
  if (!client.connection?.isUsable)
    client.connection = new HttpConnection(address, { connectMs: 2000, silenceMs: 60_000 }, () => {});
  const answer = await client.connection.exchange({ path: address.path, headers: client.headers, body }, limits);
  bytes = answer.bytes.length;
  if (answer.statusCode !== 200 || answer.bytes.includes('"errors"')) failed += 1;
  if (from >= counted) {
    const now = performance.now();
    requests += 1;
    // Of a rate, a request belongs to when it was due; else to when it was done, since those are counted.
    times.add(isAtRate ? from : now, now - from);
  }
  const next = waiting.shift();
  if (next) next(client);
  else idle.unshift(client);
};

const isAtRate = Number(rate) > 0;
const started = performance.now();
/** At a rate, the first second is for this process: it connects, and its code is compiled. */
const counted = started + (isAtRate ? 1000 : 0);
const end = counted + Number(seconds) * 1000;
if (!isAtRate) {
  const loop = async (): Promise<void> => {
    while (performance.now() < end) await send(performance.now());
  };
  await Promise.all(Array.from({ length: Number(clients) }, loop));
} else {
  const gap = 1000 / Number(rate);
  const sent: Promise<void>[] = [];
  for (let due = started; due < end; due += gap) {
    const wait = due - performance.now();
    if (wait > 1) await new Promise((resolve) => setTimeout(resolve, wait));
    sent.push(send(due));
  }
  await Promise.all(sent);
}
const { values, seconds: took, taken, takenInQuiet } = times.between(counted, end);
console.log(
  JSON.stringify({
    requests,
    perSecond: values.length / took,
    p50: percentile(values, 50),
    p99: percentile(values, 99),
    bytes,
    failed,
    taken,
    takenInQuiet,
  }),
);
process.exit();
