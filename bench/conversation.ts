/**
 * How long a customer waits. 20 conversations at once, ten rounds, each with a `conversationTurns` and an `audioChunks`
 * subscriber through the gateway; times run from the moment `sendMessage` is sent. The platform and this load run on
 * the same machine. Also: time until ready, fresh and reopened, and memory 60 s after ready with what it is made of.
 *
 * npm run bench [-- --rounds 10 --conversations 20 --memory]
 */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { Client } from 'graphql-ws';
import { createAgent, sendMessage, signUp, socket, startConversation } from '../test/testkit/graphql.ts';
import { freePort, type PlatformProcess, startPlatformProcess } from '../test/testkit/platformProcess.ts';
import { machine, percentile } from './lib/machine.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '10' },
    conversations: { type: 'string', default: '20' },
    memory: { type: 'boolean', default: false },
  },
});
const rounds = Number(values.rounds);
const conversations = Number(values.conversations);
const questions = [
  'How much is the Pro plan?',
  'What does Starter include?',
  'Where is my data stored?',
  'That is too expensive.',
  'Can I cancel?',
];
const row = (name: string, samples: readonly number[]) =>
  console.log(
    `${name.padEnd(28)} p50 ${percentile(samples, 50).toFixed(0).padStart(5)}   p95 ${percentile(samples, 95).toFixed(0).padStart(5)}   p99 ${percentile(samples, 99).toFixed(0).padStart(5)}   n ${samples.length}`,
  );

type Live = {
  client: Client;
  id: string;
  token: string;
  turn: (kind: string, role: string) => void;
  audio: (isFinal: boolean) => void;
};

const open = async (url: string, owner: string, agentId: string): Promise<Live> => {
  const { conversation, visitorToken } = await startConversation(url, owner, agentId);
  const live: Live = {
    client: socket(url, visitorToken),
    id: conversation.id,
    token: visitorToken,
    turn: () => {},
    audio: () => {},
  };
  const listen = <T>(query: string, next: (data: T) => void) =>
    new Promise<void>((resolve) => {
      live.client.on('connected', () => setTimeout(resolve, 300));
      live.client.subscribe<T>(
        { query, variables: { id: conversation.id } },
        { next: ({ data }) => data && next(data), error: (error) => console.error(error), complete: () => {} },
      );
    });
  await Promise.all([
    listen<{ conversationTurns: { kind: string; turn: { role: string } } }>(
      'subscription($id: ID!) { conversationTurns(conversationId: $id) { cursor kind textDelta turn { id sequence role state } } }',
      ({ conversationTurns: { kind, turn } }) => live.turn(kind, turn.role),
    ),
    listen<{ audioChunks: { isFinal: boolean } }>(
      'subscription($id: ID!) { audioChunks(conversationId: $id) { cursor sequence url durationMs isFinal turn { sequence conversation { agent { name } } } } }',
      ({ audioChunks }) => live.audio(audioChunks.isFinal),
    ),
  ]);
  return live;
};

/** Sends one message and waits for the whole reply. */
const exchange = (
  url: string,
  live: Live,
  text: string,
): Promise<{ stored: number; firstDelta: number; firstAudio: number; completed: number; spoken: number }> =>
  new Promise((resolve, reject) => {
    const marks = { stored: 0, firstDelta: 0, firstAudio: 0, completed: 0, spoken: 0 };
    const timer = setTimeout(() => reject(new Error(`no whole reply within 30 s: ${JSON.stringify(marks)}`)), 30_000);
    const sent = performance.now();
    const mark = (name: keyof typeof marks) => {
      if (marks[name] === 0) marks[name] = performance.now() - sent;
      if (Object.values(marks).every((value) => value > 0)) {
        clearTimeout(timer);
        resolve(marks);
      }
    };
    live.turn = (kind, role) => {
      if (role === 'AGENT' && kind === 'DELTA') mark('firstDelta');
      if (role === 'AGENT' && kind === 'COMPLETED') mark('completed');
    };
    live.audio = (isFinal) => {
      mark('firstAudio');
      if (isFinal) mark('spoken');
    };
    sendMessage(url, live.token, live.id, text).then(() => mark('stored'), reject);
  });

/** Proportional set size: memory shared between processes counts once. */
const memoryOf = async (platform: PlatformProcess): Promise<void> => {
  const children = new Map<number, number[]>();
  const names = new Map<number, string>();
  for (const name of (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry))) {
    const stat = await readFile(`/proc/${name}/stat`, 'utf8').catch(() => '');
    const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
    children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
    names.set(
      Number(name),
      (await readFile(`/proc/${name}/cmdline`, 'utf8').catch(() => '')).replaceAll('\0', ' ').trim(),
    );
  }
  const kinds = new Map<string, { rss: number; pss: number; processes: number }>();
  const add = async (pid: number, isMain: boolean): Promise<void> => {
    const rollup = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => '');
    const megabytes = (field: string) => Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(rollup)?.[1] ?? 0) / 1024;
    const command = names.get(pid) ?? '';
    const kind = isMain
      ? 'gateway and subgraphs'
      : command.includes('postgres')
        ? 'PostgreSQL'
        : /speech|espeak|flite/i.test(command)
          ? 'speech'
          : 'other';
    const sum = kinds.get(kind) ?? { rss: 0, pss: 0, processes: 0 };
    kinds.set(kind, { rss: sum.rss + megabytes('Rss'), pss: sum.pss + megabytes('Pss'), processes: sum.processes + 1 });
    for (const child of children.get(pid) ?? []) await add(child, false);
  };
  await add(platform.child.pid ?? 0, true);
  let total = 0;
  for (const [kind, { rss, pss, processes }] of kinds) {
    total += pss;
    console.log(
      `  ${kind.padEnd(24)} ${rss.toFixed(0).padStart(5)} MB RSS ${pss.toFixed(0).padStart(6)} MB PSS  ${processes} process${processes > 1 ? 'es' : ''}`,
    );
  }
  console.log(`  ${'all (PSS)'.padEnd(24)} ${''.padStart(12)} ${total.toFixed(0).padStart(5)} MB`);
};

/** User and system CPU milliseconds of a process so far. */
const cpuOf = async (pid: number): Promise<number> => {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
};

console.log(machine());
const dataDir = await mkdtemp(path.join(tmpdir(), 'parley-bench-'));
const { chmod } = await import('node:fs/promises');
await chmod(dataDir, 0o755);
const environment = { PORT: await freePort(), DATA_DIR: dataDir };
try {
  let platform = await startPlatformProcess(environment);
  console.log(`ready, fresh                 ${(platform.readyMs / 1000).toFixed(2)} s`);
  if (values.memory) {
    await delay(60_000);
    console.log('memory 60 s after ready, fresh');
    await memoryOf(platform);
  }
  const owner = await signUp(platform.url);
  const { agentId } = await createAgent(platform.url, owner.accessToken);
  const lives: Live[] = [];
  for (let i = 0; i < conversations; i++) lives.push(await open(platform.url, owner.accessToken, agentId));
  const cpuBefore = await cpuOf(platform.child.pid ?? 0);
  const all: Awaited<ReturnType<typeof exchange>>[] = [];
  for (let round = 0; round < rounds; round++) {
    const question = questions[round % questions.length] ?? '';
    all.push(...(await Promise.all(lives.map((live) => exchange(platform.url, live, question)))));
  }
  console.log(`${conversations} conversations at once, ${rounds} rounds; milliseconds from sendMessage sent`);
  row(
    'stored (answer of mutation)',
    all.map(({ stored }) => stored),
  );
  row(
    'first DELTA',
    all.map(({ firstDelta }) => firstDelta),
  );
  row(
    'first audio chunk',
    all.map(({ firstAudio }) => firstAudio),
  );
  row(
    'text complete',
    all.map(({ completed }) => completed),
  );
  row(
    'first DELTA, first round',
    all.slice(0, conversations).map(({ firstDelta }) => firstDelta),
  );
  row(
    'first audio, first round',
    all.slice(0, conversations).map(({ firstAudio }) => firstAudio),
  );
  const cpu = (await cpuOf(platform.child.pid ?? 0)) - cpuBefore;
  console.log(
    `CPU of the main process      ${(cpu / all.length).toFixed(1)} ms an exchange (message, whole reply, audio, both subscribers)`,
  );
  for (const live of lives) await live.client.dispose();
  console.log(`exit code on SIGTERM         ${await platform.stop()}`);
  platform = await startPlatformProcess(environment);
  console.log(`ready, reopened              ${(platform.readyMs / 1000).toFixed(2)} s`);
  if (values.memory) {
    await delay(60_000);
    console.log('memory 60 s after ready, reopened');
    await memoryOf(platform);
  }
  await platform.stop();
} finally {
  await rm(dataDir, { recursive: true, force: true });
}
