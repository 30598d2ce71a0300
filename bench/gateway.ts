/**
 * Gateways side by side on the public benchmark's query (see gateway/world.ts): CPU per request of the gateway process,
 * requests a second, latencies. Rounds are interleaved and ratios are medians over them, and time the machine's host took
 * does not count (lib/quietWindows.ts), so a busy machine changes numbers more than ratios. Installs the others into
 * bench/gateway on first use.
 * `npm run bench:gateway [-- rounds seconds [off | on]]`: with deduplication off, on, or (else) both ways.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { composeServices } from '@apollo/composition';
import { parse } from 'graphql';
import { nodeFlags } from '../deploy/nodeFlags.ts';
import { subgraphNames, typeDefsOf } from './gateway/world.ts';
import { machine, median } from './lib/machine.ts';

type Contender = {
  readonly name: string;
  readonly command: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
};
type Started = { readonly url: string; readonly pid: number; stop(): Promise<void> };
type Load = {
  requests: number;
  perSecond: number;
  p50: number;
  p99: number;
  bytes: number;
  failed: number;
  taken: number;
  takenInQuiet: number;
};
type Measured = Load & { readonly cpuMs: number };

const here = fileURLToPath(new URL('./gateway/', import.meta.url));
const root = fileURLToPath(new URL('..', import.meta.url));
const [rounds = 3, seconds = 3] = process.argv.slice(2, 4).map(Number);
const onlyWith = process.argv[4];
const clients = 50;
const warmSeconds = 8;
const port = 4790;

const children = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL');
});

const start = async ({ command, env = {} }: Omit<Contender, 'name'>, url?: string): Promise<Started> => {
  const [file = '', ...args] = command;
  const child = spawn(file, args, {
    cwd: here,
    env: { ...process.env, NODE_ENV: 'production', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.add(child);
  const stop = async (): Promise<void> => {
    const gone = once(child, 'exit');
    children.delete(child);
    if (child.kill()) await gone;
  };
  if (url !== undefined) {
    child.stdout.resume();
    for (let tries = 0; tries < 100; tries++) {
      const isUp = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '{"query":"{__typename}"}',
      }).then(
        (answer) => answer.ok,
        () => false,
      );
      if (isUp) return { url, pid: child.pid ?? 0, stop };
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error(`${file} did not start`);
  }
  for await (const line of createInterface({ input: child.stdout })) {
    const [, ready] = /^READY (\S+)/.exec(line) ?? [];
    if (ready !== undefined) {
      child.stdout.resume();
      return { url: ready, pid: child.pid ?? 0, stop };
    }
  }
  throw new Error(`${command.join(' ')} did not start`);
};

/** User and system time of a process and its children so far, in ms (10 ms steps). */
const cpuOf = (pid: number): number => {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const children = readdirSync(`/proc/${pid}/task`).flatMap((task) =>
    readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').trim().split(' ').filter(Boolean),
  );
  return (
    (Number(fields[11]) + Number(fields[12])) * 10 + children.reduce((sum, child) => sum + cpuOf(Number(child)), 0)
  );
};

const load = (url: string, query: string, time: number, header: string, rate = 0): Promise<Load> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [
      join(here, 'load.ts'),
      url,
      query,
      String(time),
      String(clients),
      header,
      String(rate),
    ]);
    let text = '';
    child.stdout.on('data', (chunk) => (text += chunk));
    child.stderr.pipe(process.stderr);
    child.on('exit', () => (text ? resolve(JSON.parse(text) as Load) : reject(new Error('the load failed'))));
  });

const measure = async ({ url, pid }: Started, query: string, time: number, header: string): Promise<Measured> => {
  const before = cpuOf(pid);
  const result = await load(url, query, time, header);
  if (result.failed > 0) throw new Error(`${result.failed} of ${result.requests} requests failed at ${url}`);
  return { ...result, cpuMs: (cpuOf(pid) - before) / result.requests };
};

const sayTaken = (loads: readonly Load[]): string => {
  const [all, quiet] = (['taken', 'takenInQuiet'] as const).map((key) => {
    const shares = loads.map((one) => one[key]);
    return `${((100 * shares.reduce((sum, share) => sum + share, 0)) / shares.length).toFixed(1)}%`;
  });
  return `the host took ${all} of the time, ${quiet} of what counts`;
};

if (!existsSync(join(here, 'node_modules/@graphql-hive')))
  execFileSync('npm', ['install', '--no-audit', '--no-fund', '--no-package-lock', '--workspaces=false'], {
    cwd: here,
    stdio: 'inherit',
  });

const folder = mkdtempSync(join(tmpdir(), 'gateways-'));
const subgraphs = await start({ command: [process.execPath, join(here, 'subgraphs.ts')] });
const services = subgraphNames.map((name) => ({
  name,
  url: `${subgraphs.url}/${name}`,
  typeDefs: parse(typeDefsOf(name)),
}));
const { supergraphSdl, errors } = composeServices(services);
if (!supergraphSdl) throw new Error(errors?.map(({ message }) => message).join('\n'));
const file = join(folder, 'supergraph.graphql');
writeFileSync(file, supergraphSdl);

const contenders = (deduplicate: boolean): readonly (Contender & { url?: string })[] => {
  const at = (offset: number): { PORT: string; url: string } => ({
    PORT: String(port + offset),
    url: `http://127.0.0.1:${port + offset}/graphql`,
  });
  const flag = String(deduplicate);
  return [
    { name: '@apollo/server + @apollo/gateway', command: [process.execPath, 'apollo.ts', file, '0'] },
    {
      name: 'Hive Gateway, Rust planner',
      command: [
        process.execPath,
        'node_modules/@graphql-hive/gateway/dist/bin.js',
        'supergraph',
        file,
        '-p',
        at(1).PORT,
        '-h',
        '127.0.0.1',
        '-c',
        join(here, 'hive.config.mjs'),
      ],
      env: { BENCH_DEDUPLICATE: flag, FORK: '1' },
      url: at(1).url,
    },
    {
      name: 'ours',
      command: [process.execPath, ...nodeFlags, join(root, 'main.ts'), 'gateway', '--supergraph', file],
      env: {
        PORT: at(2).PORT,
        GATEWAY_DEDUPLICATE: flag,
        GATEWAY_FORWARD_HEADERS: 'authorization',
        // One machine is not held back by what many clients are owed.
        GATEWAY_RATE_LIMIT_POINTS: '0',
        LOG_LEVEL: 'silent',
        DATA_DIR: folder,
      },
      url: at(2).url,
    },
    {
      name: 'ours, one process',
      command: [process.execPath, ...nodeFlags, 'oneProcess.ts', file, '0'],
      env: { GATEWAY_DEDUPLICATE: flag, GATEWAY_FORWARD_HEADERS: 'authorization', GATEWAY_RATE_LIMIT_POINTS: '0' },
    },
  ];
};

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1));
console.log(machine());
console.log(`${clients} clients, ${rounds} rounds of ${seconds} s each; ratios are medians of each round's`);
for (const [deduplicate, header] of [
  [false, 'unique'],
  [true, 'unique'],
  [true, 'one'],
] as const) {
  if (onlyWith !== undefined && (onlyWith === 'on') !== deduplicate) continue;
  const running: { name: string; started: Started; results: Measured[] }[] = [];
  for (const contender of contenders(deduplicate)) {
    const started = await start(contender, contender.url);
    running.push({ name: contender.name, started, results: [] });
    // Code that runs for hours is compiled by now; this is for that.
    await load(started.url, 'big', warmSeconds, header);
  }
  for (let round = 0; round < rounds; round++)
    for (const { started, results } of running) results.push(await measure(started, 'big', seconds, header));
  console.log(
    `\nbig query, ${running[0]?.results[0]?.bytes} bytes; deduplication ${deduplicate ? 'on' : 'off'}, ${header === 'one' ? 'one Authorization header' : 'an Authorization header per client'}`,
  );
  for (const { name, results } of running) {
    const against = (other: number): string => {
      const ratio = median(results.map(({ cpuMs }, round) => (running[other]?.results[round]?.cpuMs ?? 0) / cpuMs));
      return ratio.toFixed(1);
    };
    const faster = median(
      results.map(({ perSecond }, round) => perSecond / (running[0]?.results[round]?.perSecond ?? 1)),
    );
    const of = (key: 'cpuMs' | 'perSecond' | 'p50' | 'p99', digits: number): string =>
      median(results.map((result) => result[key])).toFixed(digits);
    console.log(
      `${name.padEnd(33)} ${of('cpuMs', 3)} ms CPU (Apollo's ÷ ${against(0)}, Hive's ÷ ${against(1)})  ${of('perSecond', 0)}/s (Apollo's × ${faster.toFixed(1)})  p50 ${of('p50', 1)} ms  p99 ${of('p99', 1)} ms`,
    );
  }
  console.log(sayTaken(running.flatMap(({ results }) => results)));
  for (const { started } of running) await started.stop();
  if (deduplicate) continue;
  console.log('\nsmall query (2 fields) at half of capacity, each alone; a bare node:http server at the same rate');
  const floor = await start({ command: [process.execPath, 'floor.ts'] });
  for (const contender of contenders(deduplicate)) {
    const started = await start(contender, contender.url);
    await load(started.url, 'small', warmSeconds, header);
    const { perSecond } = await load(started.url, 'small', 3, header);
    const [half, least]: [Load[], Load[]] = [[], []];
    for (let round = 0; round < rounds; round++) {
      half.push(await load(started.url, 'small', 4, header, perSecond / 2));
      least.push(await load(floor.url, 'small', 4, header, perSecond / 2));
    }
    const of = (loads: readonly Load[]): string =>
      (['p50', 'p99'] as const).map((p) => `${p} ${median(loads.map((one) => one[p])).toFixed(2)} ms`).join('  ');
    console.log(
      `${contender.name.padEnd(33)} ${(perSecond / 2).toFixed(0)}/s  ${of(half)}; bare ${of(least)}; ${sayTaken(half)}`,
    );
    await started.stop();
  }
  await floor.stop();
}
await subgraphs.stop();
rmSync(folder, { recursive: true });
