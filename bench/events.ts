/**
 * What it takes to carry an event from the outbox of sales to the row that analytics projects: over Kafka (relay and
 * consumer in processes of their own, live numbers told over Redis) and over the bus of one process, in turns, each on a
 * database of its own on the same PostgreSQL. First with a full outbox: events a second, and the CPU of each part per
 * event. Then at half of that rate: the time from commit to projected, by PostgreSQL's commit timestamps.
 *
 * npm run bench:events [-- --events 4000 --rounds 3]
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { bootstrap, migrate } from '@parley/kernel/migrate';
import pg from 'pg';
import { contexts } from '../contexts.ts';
import { nodeFlags } from '../deploy/nodeFlags.ts';
import { type Services, startServices } from '../deploy/services/services.ts';
import { check, commit, projected, projectedAt, tell, unsent } from './events/outbox.ts';
import { bench, type Opened } from './lib/bench.ts';
import { engineVersions } from './lib/engineVersions.ts';
import { machine, median, percentile } from './lib/machine.ts';
import { type Environment, enginesFor } from './lib/ownEngines.ts';
import { cpuOfTree, watchOthers } from './lib/processes.ts';

const { values } = parseArgs({
  options: { events: { type: 'string', default: '4000' }, rounds: { type: 'string', default: '3' } },
});
const count = Number(values.events);
const rounds = Number(values.rounds);
const lagSeconds = 8;
const stalledMs = 20_000;
/** How often new events are committed at half of the rate. */
const tickMs = 20;

/** One way for events. `parts`: the processes it takes, by name, each with those it started. */
type Way = {
  readonly name: string;
  readonly admin: pg.Client;
  readonly parts: Readonly<Record<string, number>>;
  wake(): void;
};
type Mark = { readonly at: number; readonly done: number };
type Saturated = { readonly perSecond: number; readonly cpuMs: Readonly<Record<string, number>> };

const startWorker = async (role: string, environment: Environment, opened: Opened) => {
  const child = fork(fileURLToPath(new URL('./events/worker.ts', import.meta.url)), [role], {
    env: { ...process.env, ...environment },
    execArgv: [...nodeFlags],
  });
  const exited = once(child, 'exit');
  opened.closing(() => {
    if (child.connected) child.disconnect();
    return exited;
  });
  await Promise.race([once(child, 'message'), exited.then(() => Promise.reject(new Error(`${role} did not start`)))]);
  return child;
};

const startWay = async (
  name: string,
  roles: readonly string[],
  services: Services,
  environment: Environment,
  opened: Opened,
): Promise<Way> => {
  const adminUrl = environment['DATABASE_ADMIN_URL'] ?? '';
  await bootstrap(adminUrl);
  await migrate(adminUrl, contexts);
  const admin = new pg.Client({ connectionString: adminUrl });
  await admin.connect();
  opened.closing(() => admin.end());
  const workers: { role: string; child: Awaited<ReturnType<typeof startWorker>> }[] = [];
  for (const role of roles) workers.push({ role, child: await startWorker(role, environment, opened) });
  const { PostgreSQL, Kafka, Redis } = services.servers;
  return {
    name,
    admin,
    parts: {
      ...Object.fromEntries(workers.map(({ role, child }) => [role, child.pid ?? 0])),
      PostgreSQL: PostgreSQL.pid,
      ...(environment['KAFKA_BROKERS'] ? { Kafka: Kafka.pid, Redis: Redis.pid } : {}),
    },
    wake: () => {
      for (const { child } of workers) child.send('committed');
    },
  };
};

const cpuOfParts = async ({ parts }: Way): Promise<Record<string, number>> =>
  Object.fromEntries(
    await Promise.all(Object.entries(parts).map(async ([name, pid]) => [name, await cpuOfTree(pid)] as const)),
  );

/** Waits until so many events of a tenant are projected. @returns how many were when @throws when none comes any more */
const arrived = async ({ name, admin }: Way, tenantId: string, wanted: number): Promise<Mark[]> => {
  const marks: Mark[] = [];
  for (let [done, movedAt] = [-1, performance.now()]; done < wanted; await delay(25)) {
    const now = await projected(admin, tenantId);
    const at = performance.now();
    marks.push({ at, done: now });
    if (now > done) movedAt = at;
    if (at - movedAt > stalledMs)
      throw new Error(
        `${name}: ${now} of ${wanted} events arrived, then none for ${stalledMs} ms; ${await unsent(admin)} are unsent`,
      );
    done = now;
  }
  return marks;
};

/** Commits all events at once, and sees them through. The rate is that between a tenth and nine tenths of them. */
const saturate = async (way: Way): Promise<Saturated> => {
  const { tenantId, events } = tell(count);
  await commit(way.admin, events);
  const before = await cpuOfParts(way);
  way.wake();
  const marks = await arrived(way, tenantId, count);
  const after = await cpuOfParts(way);
  await check(way.admin, tenantId, events);
  const first = marks.find(({ done }) => done >= count * 0.1) ?? { at: 0, done: 0 };
  const last = marks.find(({ done }) => done >= count * 0.9) ?? { at: 0, done: 0 };
  const cpuMs = Object.fromEntries(
    Object.entries(after).map(([part, ms]) => [part, (ms - (before[part] ?? 0)) / count]),
  );
  return { perSecond: ((last.done - first.done) * 1000) / (last.at - first.at), cpuMs };
};

/** Commits events at a rate. @returns milliseconds from commit to projected of each */
const lagAt = async (way: Way, perSecond: number): Promise<number[]> => {
  const { tenantId, events } = tell(Math.round(perSecond * lagSeconds));
  const committedAt = new Map<string, number>();
  const began = performance.now();
  for (let next = 0; next < events.length; await delay(tickMs)) {
    const due = Math.min(events.length, Math.ceil(((performance.now() - began) * perSecond) / 1000));
    const some = events.slice(next, due);
    if (some.length === 0) continue;
    await commit(way.admin, some);
    const now = performance.timeOrigin + performance.now();
    way.wake();
    for (const { id } of some) committedAt.set(id, now);
    next = due;
  }
  await arrived(way, tenantId, events.length);
  await check(way.admin, tenantId, events);
  const projectedTimes = await projectedAt(way.admin, tenantId);
  return [...committedAt].map(([id, at]) => (projectedTimes.get(id) ?? Number.NaN) - at);
};

await bench(178, async (opened) => {
  const services = await startServices();
  opened.closing(services.stop);
  const admin = new pg.Client({ connectionString: services.servers.PostgreSQL.url });
  await admin.connect();
  await admin.query('ALTER SYSTEM SET track_commit_timestamp = on').finally(() => admin.end());
  await services.servers.PostgreSQL.stop();
  await services.startAgain('PostgreSQL');

  const overKafka = await enginesFor(services, 1);
  const { DATABASE_URL = '', DATABASE_ADMIN_URL = '' } = await enginesFor(services, 2);
  const ways = [
    await startWay('Kafka', ['analytics', 'sales'], services, overKafka, opened),
    await startWay('in process', ['both'], services, { DATABASE_URL, DATABASE_ADMIN_URL }, opened),
  ];
  console.log(`${machine()}\n${await engineVersions(services)}`);
  const inTurns = async <T>(work: (way: Way) => Promise<T>): Promise<Map<Way, T[]>> => {
    const results = new Map<Way, T[]>(ways.map((way) => [way, []]));
    for (let round = 0; round < rounds; round++)
      for (const way of round % 2 === 0 ? ways : ways.toReversed()) results.get(way)?.push(await work(way));
    return results;
  };

  // What is compiled and planned once is not counted.
  for (const way of ways) await saturate(way);
  const others = await watchOthers();
  const saturated = await inTurns(saturate);
  console.log(
    `\nfull outbox, ${rounds} × ${count} events, medians; ${(await others()).toFixed(0)}% of the cores taken by others`,
  );
  for (const [{ name, parts }, results] of saturated) {
    const cpu = (part: string) => median(results.map(({ cpuMs }) => cpuMs[part] ?? 0));
    const each = Object.keys(parts).map((part) => `${part} ${cpu(part).toFixed(2)}`);
    const all = median(results.map(({ cpuMs }) => Object.values(cpuMs).reduce((sum, ms) => sum + ms, 0)));
    console.log(
      `${name.padEnd(11)} ${median(results.map(({ perSecond }) => perSecond))
        .toFixed(0)
        .padStart(5)} events a second; CPU ${all.toFixed(2)} ms an event: ${each.join(', ')}`,
    );
  }
  const half = (way: Way) => median(saturated.get(way)?.map(({ perSecond }) => perSecond) ?? []) / 2;
  const othersNow = await watchOthers();
  const lags = await inTurns((way) => lagAt(way, half(way)));
  console.log(
    `\nat half of that rate, ${rounds} × ${lagSeconds} s, commit to projected; ${(await othersNow()).toFixed(0)}% of the cores taken by others`,
  );
  for (const [way, results] of lags) {
    const all = results.flat();
    const row = [50, 95, 99].map((p) => `p${p} ${percentile(all, p).toFixed(0).padStart(5)}`).join('   ');
    console.log(
      `${way.name.padEnd(11)} ${half(way).toFixed(0).padStart(5)} events a second   ${row} ms   n ${all.length}; p99 of the rounds ${results.map((lag) => percentile(lag, 99).toFixed(0)).join(' ')}`,
    );
  }
});
