/**
 * `npm run test:crash [-- --seed N --kills 50 --conversations 6]`: conversations go on while the platform is killed
 * again and again (SIGKILL), at seeded moments spread over storing, streaming, synthesizing, recording and starting.
 * Afterwards a checker that shares no code with the platform compares what each client was told with what the store
 * holds. Exit code 1 on any violation. The same seed gives the same schedule; what it meets depends on the machine.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { startEmbeddedPostgres } from '@parley/kernel/embeddedPostgres';
import pg from 'pg';
import { generator } from '../chaos/schedule.ts';
import { createAgent, signUp, startConversation } from '../testkit/graphql.ts';
import { temporaryFolder } from '../testkit/platform.ts';
import { freePort, launchPlatformProcess } from '../testkit/platformProcess.ts';
import { check } from './checker.ts';
import { type CrashClient, crashClient, type Moment } from './client.ts';
import { adminUrlOf, ownAudio, readMetrics, readStore, type UnderWay, underWay } from './store.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    kills: { type: 'string', default: '50' },
    conversations: { type: 'string', default: '6' },
  },
});
const seed = Number(values.seed);
const kills = Number(values.kills);
const conversations = Number(values.conversations);

const random = generator(seed);

type Phase = 'storing' | 'streaming' | 'synthesizing' | 'recording' | 'starting';
/** Strike `afterMs` after the `nth` such moment that any client has (starting: after the process was started). */
type Strike = { readonly phase: Phase; readonly on: readonly Moment[]; readonly nth: number; readonly afterMs: number };

const phases: readonly { phase: Phase; on: readonly Moment[]; within: number }[] = [
  { phase: 'storing', on: ['send'], within: 25 },
  { phase: 'storing', on: ['acknowledged'], within: 20 },
  { phase: 'streaming', on: ['started', 'delta'], within: 30 },
  { phase: 'streaming', on: ['acknowledged'], within: 150 },
  { phase: 'synthesizing', on: ['completed'], within: 60 },
  { phase: 'synthesizing', on: ['audio'], within: 40 },
  { phase: 'recording', on: ['final audio'], within: 20 },
  { phase: 'recording', on: ['completed', 'interrupt'], within: 15 },
];
const schedule = Array.from({ length: kills }, (_, index): Strike => {
  // Every tenth falls into the start, which recovers what the one before has left.
  if (index % 10 === 9) return { phase: 'starting', on: [], nth: 1, afterMs: Math.floor(300 + random() * 1500) };
  const { phase, on, within } = phases[index % phases.length] ?? { phase: 'storing', on: ['send'], within: 0 };
  return { phase, on, nth: 1 + Math.floor(random() * 2), afterMs: Math.floor(random() * within) };
});
const count = (names: readonly string[]) =>
  Object.entries(Object.groupBy(names, (name) => name))
    .map(([name, same]) => `${name} ${same?.length ?? 0}`)
    .join(', ');
console.log(`seed ${seed}: ${kills} kills over ${conversations} conversations`);
console.log(`schedule: ${count(schedule.map(({ phase }) => phase))}`);

const folder = await temporaryFolder();
const dataDir = `${folder.path}/data`;
const port = await freePort();
const environment = { PORT: port, DATA_DIR: dataDir };
const url = `http://127.0.0.1:${port}`;
const started = performance.now();
let platform = launchPlatformProcess(environment);
let stopping = false;
let waiting: ((moment: Moment) => void) | null = null;
const clients: CrashClient[] = [];
const met: Record<keyof UnderWay | 'idle', number> = {
  storing: 0,
  streaming: 0,
  synthesizing: 0,
  recording: 0,
  idle: 0,
};
/** What the processes logged as errors: no violation by itself, but where to look when there is one. */
const complaints: string[] = [];
const errorsIn = (output: string) =>
  output.split('\n').filter((line) => line.startsWith('{"level":5') || line.startsWith('{"level":6'));
/** Longest wait for a moment that does not come, e.g. while every conversation waits for a lease to run out. */
const patienceMs = 3500;

/** Resolves when the strike's moment has come. @returns whether it came, rather than patience ending */
const moment = ({ on, nth, afterMs }: Strike): Promise<boolean> =>
  new Promise((resolve) => {
    let left = nth;
    const over = (came: boolean) => {
      clearTimeout(timer);
      waiting = null;
      if (came && afterMs > 0) setTimeout(() => resolve(true), afterMs);
      else resolve(came);
    };
    const timer = setTimeout(() => over(false), patienceMs);
    waiting = (seen) => {
      if (on.includes(seen) && --left === 0) over(true);
    };
  });

const withAdmin = async <T>(work: (admin: pg.Client) => Promise<T>): Promise<T> => {
  const adminUrl = await adminUrlOf(dataDir);
  if (adminUrl === null) throw new Error('PostgreSQL has gone: a killed parent leaves it running');
  const admin = new pg.Client({ connectionString: adminUrl });
  await admin.connect();
  try {
    return await work(admin);
  } finally {
    await admin.end();
  }
};

const strikeAll = async () => {
  let missed = 0;
  for (const strike of schedule) {
    if (strike.phase === 'starting') await Promise.race([platform.ready.catch(() => {}), delay(strike.afterMs)]);
    else {
      await platform.ready;
      if (!(await moment(strike))) missed += 1;
    }
    await platform.kill();
    complaints.push(...errorsIn(platform.output()));
    const found = await withAdmin(underWay);
    const busy = (Object.keys(found) as (keyof UnderWay)[]).filter((phase) => found[phase] > 0);
    for (const phase of busy) met[phase] += 1;
    if (busy.length === 0) met.idle += 1;
    platform = launchPlatformProcess(environment);
  }
  await platform.ready;
  if (missed > 0) console.log(`${missed} strikes fell without their moment, after ${patienceMs} ms`);
};

const violations: string[] = [];
try {
  await platform.ready;
  const owner = await signUp(url);
  const { agentId } = await createAgent(url, owner.accessToken);
  for (let index = 0; index < conversations; index += 1) {
    const { conversation, visitorToken } = await startConversation(url, owner.accessToken, agentId);
    clients.push(
      crashClient({
        url: () => url,
        conversationId: conversation.id,
        turnsCursor: conversation.turnsCursor,
        token: visitorToken,
        random: generator(seed * 1000 + index),
        onMoment: (seen) => waiting?.(seen),
      }),
    );
  }
  const running = clients.map((client) =>
    client
      .run(() => stopping)
      .catch((error: unknown) => {
        violations.push(`conversation ${client.log.conversationId}: ${(error as Error).message}`);
      }),
  );
  // Until each listener holds a first cursor, it is owed nothing that it misses.
  for (const patience = Date.now() + 20_000; clients.some(({ log }) => log.chunks.length === 0); await delay(20))
    if (Date.now() > patience) throw new Error('no audio before the first kill');
  await strikeAll();
  stopping = true;
  await Promise.race([Promise.all(running), delay(60_000)]);

  const tenantId = owner.viewer.organization.id;
  const ids = clients.map(({ log }) => log.conversationId);
  for (const patience = Date.now() + 15_000; Date.now() < patience; await delay(100))
    if ((await withAdmin(underWay)).recording === 0) break;
  const code = await platform.stop();
  if (code !== 0) violations.push(`the last process ended with ${code}: ${platform.output()}`);
  const postgres = await startEmbeddedPostgres(`${dataDir}/postgres`);
  try {
    const metrics = await readMetrics(postgres.url, tenantId, ids);
    const store = await withAdmin((admin) => readStore(ownAudio(dataDir), admin, ids, metrics));
    for (const { log } of clients) violations.push(...check(log, store.get(log.conversationId) ?? null));
    const turns = [...store.values()].flatMap((stored) => stored.turns);
    const sum = (what: (client: CrashClient) => number) => clients.reduce((total, client) => total + what(client), 0);
    console.log(
      `${turns.length} turns (${turns.filter(({ state }) => state === 'INTERRUPTED').length} interrupted), ` +
        `${sum(({ log }) => log.acknowledged.length)} messages acknowledged, ${sum(({ log }) => log.updates.length)} updates and ` +
        `${sum(({ log }) => log.chunks.length)} audio chunks delivered over ${sum(({ log }) => log.cuts.length)} disconnects`,
    );
  } finally {
    await postgres.stop();
  }
} catch (error) {
  violations.push(`the run broke off: ${(error as Error).stack ?? error}`);
} finally {
  stopping = true;
  for (const client of clients) client.close();
  await platform.kill();
  complaints.push(...errorsIn(platform.output()));
  // A killed parent leaves its PostgreSQL running; taking it over is how to end it.
  if ((await adminUrlOf(dataDir)) !== null) {
    const left = await startEmbeddedPostgres(`${dataDir}/postgres`);
    await left.stop();
  }
  await folder.remove();
}
console.log(
  `under way when killed: ${Object.entries(met)
    .map(([phase, times]) => `${phase} ${times}`)
    .join(', ')}`,
);
console.log(`${((performance.now() - started) / 1000).toFixed(0)} s`);
if (violations.length === 0) console.log('VERDICT: nothing lost, nothing doubled, nothing changed');
else {
  console.error(`VERDICT: ${violations.length} violations (seed ${seed})\n${violations.slice(0, 50).join('\n')}`);
  console.error(`${complaints.length} errors logged, the first:\n${complaints.slice(0, 20).join('\n')}`);
  process.exitCode = 1;
}
process.exit();
