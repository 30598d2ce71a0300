/**
 * `npm run chaos [-- --seed N --faults 200 --conversations 30 --print]`: conversations go on while the six services and
 * the engines below them are killed, paused, replaced, cut off and slowed, by a schedule that the seed alone decides.
 * Each process has a network namespace of its own, which needs root; `--no-namespaces` does without.
 * Then a checker that shares no code with the platform compares what every client was told with what the stores hold.
 * Exit code 1 on any violation. `--print` only shows the schedule. `--mutant outbox|cursor` runs a build that is broken on
 * purpose: then the exit code is 1 where the checker does not see it.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { check } from '../crash/checker.ts';
import { type CrashClient, crashClient } from '../crash/client.ts';
import { readMetrics, readStore } from '../crash/store.ts';
import { untilTaken } from '../testkit/distributed.ts';
import { ask, createAgent, signUp, startConversation } from '../testkit/graphql.ts';
import { type Cluster, startCluster } from './cluster.ts';
import { errorMinutes, type Struck, startReading } from './errorMinutes.ts';
import { mutantNames } from './mutants.ts';
import { enterOwnNetwork } from './network.ts';
import { describeFault, type Fault, generator, makeSchedule, processNames } from './schedule.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    faults: { type: 'string', default: '200' },
    conversations: { type: 'string', default: '30' },
    pause: { type: 'string', default: '2000' },
    mutant: { type: 'string' },
    print: { type: 'boolean', default: false },
    'no-namespaces': { type: 'boolean', default: false },
  },
});
const refuse = (why: string): never => {
  console.error(`chaos: ${why}`);
  process.exit(2);
};
const numberOf = (option: 'seed' | 'faults' | 'conversations' | 'pause', least: number, most: number): number => {
  const given = Number(values[option]);
  return Number.isInteger(given) && given >= least && given <= most
    ? given
    : refuse(`--${option} ${values[option]} is not a number from ${least} to ${most}`);
};
const seed = numberOf('seed', 0, 2 ** 31);
const faultCount = numberOf('faults', 1, 10_000);
const conversations = numberOf('conversations', 1, 1000);
/** Between two faults, on average. */
const pauseMs = numberOf('pause', 100, 60_000);
const { mutant } = values;
if (mutant !== undefined && !mutantNames.includes(mutant)) refuse(`--mutant is one of ${mutantNames.join(', ')}`);
const schedule = makeSchedule(seed, faultCount, pauseMs);
if (values.print) {
  console.log(schedule.map(describeFault).join('\n'));
  process.exit(0);
}
if (!values['no-namespaces']) await enterOwnNetwork().catch((error: Error) => refuse(error.message));

const violations: string[] = [];
const started = performance.now();
const clock = () => `${((performance.now() - started) / 1000).toFixed(0).padStart(4)} s`;
let cluster: Cluster | null = null;

/** Unasked for, a step of the run that hangs would hide what is wrong. */
const within = async <T>(what: string, ms: number, work: Promise<T>): Promise<T | null> => {
  const late = Symbol('late');
  const outcome = await Promise.race([work, delay(ms, late)]);
  if (outcome !== late) return outcome as T;
  violations.push(`${what}: not within ${ms / 1000} s`);
  return null;
};

try {
  const environment: Record<string, string> =
    mutant === undefined
      ? {}
      : { CHAOS_MUTANT: mutant, NODE_OPTIONS: `--import ${new URL('./mutants.ts', import.meta.url)}` };
  console.log(`seed ${seed}: ${faultCount} faults, ${conversations} conversations at a time`);
  cluster = await startCluster(environment, !values['no-namespaces']);
  const { urls, adminUrl, audioFolder } = cluster;
  console.log(`${clock()}  ${processNames.length} processes on PostgreSQL, Redis, Kafka and S3 are up`);

  let turn = 0;
  const nextUrl = () => urls[turn++ % urls.length] ?? '';
  const owner = await signUp(nextUrl());
  const { agentId } = await createAgent(nextUrl(), owner.accessToken);
  const { createApiKey } = await ask<{ createApiKey: { secret: string } }>(
    nextUrl(),
    'mutation($input: CreateApiKeyInput!) { createApiKey(input: $input) { ... on CreateApiKeySuccess { secret } } }',
    { input: { name: 'chaos', scopes: ['conversations:read', 'conversations:write', 'agents:read'] } },
    owner.accessToken,
  );
  const key = createApiKey.secret;
  const watched = (await startConversation(nextUrl(), key, agentId)).conversation.id;

  let stopping = false;
  const clients: CrashClient[] = [];
  /** One customer after the other, each with a few questions. */
  const converse = async (place: number): Promise<void> => {
    const random = generator(seed * 1000 + place);
    while (!stopping) {
      const begun = await startConversation(nextUrl(), key, agentId).catch(() => null);
      if (begun === null) {
        await delay(200);
        continue;
      }
      const client = crashClient({
        url: nextUrl,
        conversationId: begun.conversation.id,
        turnsCursor: begun.conversation.turnsCursor,
        token: begun.visitorToken,
        random,
        onMoment: () => {},
        restMs: 4000,
      });
      clients.push(client);
      const questions = 2 + Math.floor(random() * 5);
      await client
        .run(() => stopping || client.log.acknowledged.length >= questions)
        .catch((error: unknown) => {
          violations.push(`conversation ${begun.conversation.id}: ${(error as Error).message}`);
        });
    }
  };
  const reading = startReading(urls, key, watched);
  const talking = Array.from({ length: conversations }, (_, place) => converse(place));
  await delay(3000);

  const began = performance.now();
  const striking: Promise<unknown>[] = [];
  const pending = new Set<Fault>();
  const struck: Struck[] = [];
  for (const fault of schedule) {
    await delay(Math.max(0, fault.atMs - (performance.now() - began)));
    console.log(`${clock()}  ${describeFault(fault).trim()}`);
    pending.add(fault);
    const one: Struck = { fault, from: performance.now(), to: Number.POSITIVE_INFINITY };
    struck.push(one);
    striking.push(
      cluster
        .strike(fault)
        .catch((error: unknown) => {
          violations.push(`${describeFault(fault)}: what was struck did not come back: ${(error as Error).message}`);
        })
        .finally(() => {
          pending.delete(fault);
          one.to = performance.now();
        }),
    );
  }
  if ((await within('every fault mended', 60_000, Promise.all(striking))) === null)
    violations.push(...[...pending].map((fault) => `not mended: ${describeFault(fault).trim()}`));
  console.log(`${clock()}  the last fault is mended; conversations come to their end`);
  stopping = true;
  // What a broken build has lost never comes.
  const patienceMs = mutant === undefined ? 120_000 : 15_000;
  await within('every conversation ended', patienceMs, Promise.all(talking));
  const read = errorMinutes(await reading.stop(), struck);
  await untilTaken(adminUrl, patienceMs).catch((error: Error) => violations.push(error.message));
  violations.push(...(await cluster.stop()), ...cluster.unwantedEnds());

  const admin = new pg.Client({ connectionString: adminUrl });
  await admin.connect();
  const ids = clients.map(({ log }) => log.conversationId);
  const tenantId = owner.viewer.organization.id;
  const metrics = await readMetrics(adminUrl, tenantId, ids);
  const store = await readStore({ folder: audioFolder, factsBytes: 0 }, admin, ids, metrics);
  for (const client of clients) client.close();
  for (const { log } of clients) violations.push(...check(log, store.get(log.conversationId) ?? null));
  for (const schema of ['voice', 'analytics']) {
    const { rows } = await admin.query<{ reason: string; detail: string; type: string }>(
      `SELECT reason, detail, type FROM ${schema}.dead_letter`,
    );
    violations.push(...rows.map(({ reason, detail, type }) => `${schema} has set ${type} aside: ${reason} ${detail}`));
  }
  await admin.end();
  const sum = (what: (client: CrashClient) => number) => clients.reduce((total, client) => total + what(client), 0);
  const turns = [...store.values()].flatMap((stored) => stored.turns);
  console.log(
    `${clients.length} conversations, ${turns.length} turns (${turns.filter(({ state }) => state === 'INTERRUPTED').length} interrupted), ` +
      `${sum(({ log }) => log.acknowledged.length)} messages acknowledged, ${sum(({ log }) => log.updates.length)} updates and ` +
      `${sum(({ log }) => log.chunks.length)} audio chunks delivered over ${sum(({ log }) => log.cuts.length)} disconnects`,
  );
  console.log(read.text);
  for (const { from } of read.unexplained)
    console.log(`  no answer at ${((from - began) / 1000).toFixed(1)} s of the schedule`);
} catch (error) {
  violations.push(`the run broke off: ${(error as Error).stack ?? error}`);
} finally {
  await cluster?.remove();
}
const complaints = cluster?.complaints() ?? [];
console.log(`${clock()}  ${complaints.length} errors logged`);
const seen = violations.filter((violation) => violation.startsWith('conversation '));
if (mutant !== undefined) {
  console.log(
    seen.length > 0
      ? `VERDICT: the checker sees the mutant ${mutant}: ${seen.length} violations, e.g. ${seen[0]}`
      : `VERDICT: the checker does not see the mutant ${mutant}\n${violations.join('\n')}`,
  );
  process.exit(seen.length > 0 ? 0 : 1);
}
if (violations.length === 0)
  console.log('VERDICT: nothing lost, nothing doubled, nothing out of order, nothing changed');
else {
  console.error(
    `VERDICT: ${violations.length} violations (npm run chaos -- --seed ${seed} --faults ${faultCount})\n${violations.slice(0, 50).join('\n')}`,
  );
  process.exitCode = 1;
}
if (violations.length > 0 || process.env['CHAOS_ERRORS'])
  console.error(
    `errors logged, the first and the last:\n${[...complaints.slice(0, 15), '…', ...complaints.slice(-15)].join('\n')}`,
  );
process.exit();
