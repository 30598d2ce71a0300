/**
 * What running apart costs a customer: `sendMessage` sent to first DELTA at the subscriber (graphql-ws, through the
 * gateway), of one process on embedded parts (`npm start`) and of six processes on PostgreSQL, Redis, Kafka and S3
 * (`npm run start:distributed`), on this machine and under the same load, which runs on it too. Both are up all the time
 * and are asked in turns; ratios are medians over the rounds. `--engines` adds one process on the same engines.
 *
 * npm run bench:distributed [-- --rounds 7 --engines]
 */
import { chmod, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { startServices } from '../deploy/services/services.ts';
import {
  type Contender,
  openCustomers,
  removeFolder,
  startOneProcess,
  startSixProcesses,
} from './distributed/contenders.ts';
import { burst, steady } from './distributed/loads.ts';
import { none, type Result, report } from './distributed/report.ts';
import { bench } from './lib/bench.ts';
import type { ConversationClient, Marks } from './lib/conversationClient.ts';
import { engineVersions } from './lib/engineVersions.ts';
import { machine } from './lib/machine.ts';
import { enginesFor } from './lib/ownEngines.ts';
import { cpuByKind, watchOthers } from './lib/processes.ts';

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '7' }, engines: { type: 'boolean', default: false } },
});
const rounds = Number(values.rounds);
const conversations = 20;
const warmUps = 6;
const perSecond = 5;
const seconds = 4;

const loads: Readonly<Record<string, (customers: readonly ConversationClient[]) => Promise<Marks[]>>> = {
  [`${perSecond} messages a second`]: (customers) => steady(customers, { perSecond, seconds }),
  [`${conversations} in the same instant`]: burst,
};

await bench(178, async (opened) => {
  const folder = await mkdtemp(path.join(tmpdir(), 'parley-bench-'));
  opened.closing(() => removeFolder(folder));
  await chmod(folder, 0o755);
  const services = await startServices();
  opened.closing(services.stop);
  const engines = Object.values(services.servers).map(({ pid }) => pid);

  const running = [{ name: 'one process', ...(await startOneProcess(folder, {}, opened)) }];
  const onEngines = async (name: string, start: typeof startOneProcess) => {
    const { url, pids } = await start(folder, await enginesFor(services, running.length), opened);
    running.push({ name, url, pids: [...pids, ...engines] });
  };
  await onEngines('six processes', startSixProcesses);
  if (values.engines) await onEngines('one, on engines', startOneProcess);
  const contenders: Contender[] = [];
  for (const one of running)
    contenders.push({ ...one, customers: await openCustomers(one.url, conversations, opened) });

  const cpuOf = async ({ pids }: Contender): Promise<Map<string, number>> => {
    const sums = new Map<string, number>();
    for (const pid of pids) for (const [kind, ms] of await cpuByKind(pid)) sums.set(kind, (sums.get(kind) ?? 0) + ms);
    return sums;
  };

  console.log(`${machine()}\n${await engineVersions(services)}`);
  for (let warmUp = 0; warmUp < warmUps; warmUp++) for (const { customers } of contenders) await burst(customers);

  for (const [what, load] of Object.entries(loads)) {
    const results = new Map<string, Result>();
    const others = await watchOthers();
    for (let round = 0; round < rounds; round++)
      for (const contender of round % 2 === 0 ? contenders : contenders.toReversed()) {
        const result = results.get(contender.name) ?? none();
        results.set(contender.name, result);
        const before = await cpuOf(contender);
        const marks = await load(contender.customers);
        for (const [kind, ms] of await cpuOf(contender))
          result.cpu.set(kind, (result.cpu.get(kind) ?? 0) + ms - (before.get(kind) ?? 0));
        result.firstDelta.push(marks.map(({ firstDelta }) => firstDelta));
        result.stored.push(marks.map(({ stored }) => stored));
        result.exchanges += marks.length;
      }
    report(`${what}, ${rounds} rounds, ${(await others()).toFixed(0)}% of the cores taken by others`, results);
  }
});
