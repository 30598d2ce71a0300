/**
 * What the response cache is worth: the same two queries of an organization's dashboard, of the platform in one process
 * with the cache and of one without, each on its embedded engines and with conversations of its own. Blocks alternate;
 * ratios are medians over the rounds. The cache runs out every 5 seconds as the schema says, and is filled again.
 *
 * npm run bench:cache [-- --rounds 9]
 */
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { ask, createAgent, post, signUp, startConversation } from '../test/testkit/graphql.ts';
import { freePort, startPlatformProcess } from '../test/testkit/platformProcess.ts';
import { bench, type Opened } from './lib/bench.ts';
import { machine, median, percentile } from './lib/machine.ts';

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '9' } } });
const rounds = Number(values.rounds);
const [conversations, clients, blockMs] = [60, 8, 2000];
const dashboard = `query($from: DateTime!, $to: DateTime!) {
  organizationMetrics { conversationCount conversionRate intents { name count } outcomes { outcome count } totalMs { p50 p95 p99 } }
  metricSeries(metric: TURNS, interval: HOUR, from: $from, to: $to) { points { at value } } }`;
const send = 'mutation($input: SendMessageInput!) { sendMessage(input: $input) { __typename } }';

type Contender = { readonly name: string; readonly url: string; readonly token: string };

const start = async (name: string, opened: Opened, environment: Record<string, string>): Promise<Contender> => {
  const folder = await mkdtemp(path.join(tmpdir(), 'parley-bench-'));
  await chmod(folder, 0o755);
  opened.closing(() => rm(folder, { recursive: true, force: true }));
  const limits = { GATEWAY_RATE_LIMIT_POINTS: '0', GATEWAY_LATENESS_MS: '10000' };
  const platform = await startPlatformProcess({ DATA_DIR: folder, PORT: await freePort(), ...limits, ...environment });
  opened.closing(() => platform.stop());
  const { accessToken } = await signUp(platform.url);
  const { agentId } = await createAgent(platform.url, accessToken);
  await Promise.all(
    Array.from({ length: conversations }, async () => {
      const { conversation, visitorToken } = await startConversation(platform.url, accessToken, agentId);
      await ask(
        platform.url,
        send,
        { input: { conversationId: conversation.id, text: 'How much is it?' } },
        visitorToken,
      );
    }),
  );
  const count = async () =>
    (
      await ask<{ organizationMetrics: { conversationCount: number } }>(
        platform.url,
        '{ organizationMetrics { conversationCount } }',
        {},
        accessToken,
      )
    ).organizationMetrics.conversationCount;
  while ((await count()) < conversations) await new Promise((resolve) => setTimeout(resolve, 500));
  return { name, url: platform.url, token: accessToken };
};

/** Milliseconds of each answer while so many clients ask one after the other. */
const block = async ({ url, token }: Contender): Promise<number[]> => {
  const times: number[] = [];
  const until = performance.now() + blockMs;
  const now = Date.now();
  const variables = { from: new Date(now - 86_400_000).toISOString(), to: new Date(now).toISOString() };
  // As a dashboard asks: to the minute.
  for (const name of ['from', 'to'] as const) variables[name] = variables[name].replace(/:\d\d\.\d+Z/, ':00.000Z');
  await Promise.all(
    Array.from({ length: clients }, async () => {
      while (performance.now() < until) {
        const sent = performance.now();
        const { errors } = await post(url, dashboard, variables, token);
        if (errors) throw new Error(JSON.stringify(errors));
        times.push(performance.now() - sent);
      }
    }),
  );
  return times;
};

await bench(170, async (opened) => {
  console.log(machine());
  const kept = await start('with the cache', opened, {});
  const made = await start('without', opened, { GATEWAY_CACHE: 'false' });
  console.log(
    `${conversations} conversations each; ${clients} clients, ${rounds} rounds of ${blockMs / 1000} s in turns`,
  );
  const times = new Map<Contender, number[]>([
    [kept, []],
    [made, []],
  ]);
  const ratios: number[] = [];
  await block(kept);
  await block(made);
  for (let round = 0; round < rounds; round++) {
    const counts = new Map<Contender, number>();
    for (const contender of round % 2 === 0 ? [kept, made] : [made, kept]) {
      const taken = await block(contender);
      times.get(contender)?.push(...taken);
      counts.set(contender, taken.length);
    }
    ratios.push((counts.get(kept) ?? 0) / (counts.get(made) ?? 1));
  }
  for (const [{ name }, taken] of times) {
    const sorted = taken.toSorted((a, b) => a - b);
    const [p50, p95, p99] = [50, 95, 99].map((rank) => percentile(sorted, rank).toFixed(1));
    console.log(`${name.padEnd(14)}  ${sorted.length} answers, ms p50 ${p50}  p95 ${p95}  p99 ${p99}`);
  }
  console.log(
    `answers a second: ${median(ratios).toFixed(1)} times as many with the cache (${Math.min(...ratios).toFixed(1)} to ${Math.max(...ratios).toFixed(1)} over the rounds)`,
  );
});
