/**
 * How long a customer waits. 20 conversations at once, ten rounds, each with a `conversationTurns` and an `audioChunks`
 * subscriber through the gateway; times run from the moment `sendMessage` is sent. The platform and this load run on
 * the same machine. Also: time until ready, fresh and reopened, and memory 60 s after ready with what it is made of.
 *
 * npm run bench [-- --rounds 10 --conversations 20 --memory]
 */
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { createAgent, signUp, startConversation } from '../test/testkit/graphql.ts';
import { freePort, startPlatformProcess } from '../test/testkit/platformProcess.ts';
import { type ConversationClient, type Marks, openConversationClient, questions } from './lib/conversationClient.ts';
import { machine, percentile } from './lib/machine.ts';
import { cpuByKind, printMemory } from './lib/processes.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '10' },
    conversations: { type: 'string', default: '20' },
    memory: { type: 'boolean', default: false },
  },
});
const rounds = Number(values.rounds);
const conversations = Number(values.conversations);
const row = (name: string, samples: readonly number[]) =>
  console.log(
    `${name.padEnd(28)} p50 ${percentile(samples, 50).toFixed(0).padStart(5)}   p95 ${percentile(samples, 95).toFixed(0).padStart(5)}   p99 ${percentile(samples, 99).toFixed(0).padStart(5)}   n ${samples.length}`,
  );

/** From ready to the first sign-up: nobody opens a page sooner. */
const untilFirstCallMs = 6000;
/** Subscribers are not told that they are subscribed. */
const untilSubscribedMs = 1000;

console.log(machine());
const dataDir = await mkdtemp(path.join(tmpdir(), 'parley-bench-'));
await chmod(dataDir, 0o755);
const environment = { PORT: await freePort(), DATA_DIR: dataDir, REHEARSAL: 'on' };
let platform = await startPlatformProcess(environment);
try {
  const pid = () => platform.child.pid ?? 0;
  console.log(`ready, fresh                 ${(platform.readyMs / 1000).toFixed(2)} s`);
  if (values.memory) {
    await delay(60_000);
    console.log('memory 60 s after ready, fresh');
    await printMemory(pid());
  }
  await delay(untilFirstCallMs);
  const owner = await signUp(platform.url);
  const { agentId } = await createAgent(platform.url, owner.accessToken);
  const clients: ConversationClient[] = [];
  for (let i = 0; i < conversations; i++) {
    const { conversation, visitorToken } = await startConversation(platform.url, owner.accessToken, agentId);
    clients.push(await openConversationClient(platform.url, conversation.id, visitorToken));
  }
  await delay(untilSubscribedMs);
  const cpuBefore = await cpuByKind(pid());
  const ownBefore = process.cpuUsage();
  const began = performance.now();
  const all: Marks[][] = [];
  for (let round = 0; round < rounds; round++) {
    const question = questions[round % questions.length] ?? '';
    all.push(await Promise.all(clients.map((client) => client.exchange(question))));
  }
  const tookMs = performance.now() - began;
  const { user, system } = process.cpuUsage(ownBefore);
  const cpuAfter = await cpuByKind(pid());

  console.log(`${conversations} conversations at once, ${rounds} rounds; milliseconds from sendMessage sent`);
  const of = (mark: keyof Marks, which: readonly Marks[][] = all) => which.flat().map((marks) => marks[mark]);
  row('stored (answer of mutation)', of('stored'));
  row('first DELTA', of('firstDelta'));
  row('first audio chunk', of('firstAudio'));
  row('text complete', of('completed'));
  row('first DELTA, first round', of('firstDelta', all.slice(0, 1)));
  row('first audio, first round', of('firstAudio', all.slice(0, 1)));
  if (rounds > 1) {
    row('first DELTA, later rounds', of('firstDelta', all.slice(1)));
    row('first audio, later rounds', of('firstAudio', all.slice(1)));
  }
  console.log('CPU, milliseconds an exchange (message, whole reply, audio, both subscribers)');
  for (const [kind, after] of cpuAfter)
    console.log(`  ${kind.padEnd(26)} ${((after - (cpuBefore.get(kind) ?? 0)) / rounds / conversations).toFixed(1)}`);
  const own = (user + system) / 1000;
  console.log(
    `  ${'this load'.padEnd(26)} ${(own / rounds / conversations).toFixed(1)}, ${((100 * own) / tookMs).toFixed(0)}% of a core`,
  );
  for (const client of clients) client.close();
  console.log(`exit code on SIGTERM         ${await platform.stop()}`);
  platform = await startPlatformProcess(environment);
  console.log(`ready, reopened              ${(platform.readyMs / 1000).toFixed(2)} s`);
  if (values.memory) {
    await delay(60_000);
    console.log('memory 60 s after ready, reopened');
    await printMemory(pid());
  }
  await platform.stop();
} catch (error) {
  console.error(platform.output());
  throw error;
} finally {
  await rm(dataDir, { recursive: true, force: true });
}
