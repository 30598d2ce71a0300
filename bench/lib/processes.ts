import { readdir, readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';

/** User and system CPU milliseconds of a process so far, all its threads. */
export const cpuOf = async (pid: number): Promise<number> => {
  const fields = statOf(await readFile(`/proc/${pid}/stat`, 'utf8'));
  return (Number(fields[11]) + Number(fields[12])) * 10;
};

/** The same of a process and of those it started. */
export const cpuOfTree = async (main: number): Promise<number> => {
  let sum = 0;
  for (const { pid } of await processTree(main)) sum += await cpuOf(pid).catch(() => 0);
  return sum;
};

/** That by what they are. */
export const cpuByKind = async (main: number): Promise<Map<string, number>> => {
  const sums = new Map<string, number>();
  for (const { pid, kind } of await processTree(main))
    sums.set(kind, (sums.get(kind) ?? 0) + (await cpuOf(pid).catch(() => 0)));
  return sums;
};

/**
 * Watches who else uses the cores while something is measured. @returns what tells the percentage of all cores that was
 * taken since by neither this process nor those it started
 */
export const watchOthers = async (): Promise<() => Promise<number>> => {
  const busy = async () => {
    const ours = await cpuOfTree(process.pid);
    const [user = 0, nice = 0, system = 0, , , irq = 0, softIrq = 0] =
      /^cpu +(.*)$/m
        .exec(await readFile('/proc/stat', 'utf8'))?.[1]
        ?.split(' ')
        .map(Number) ?? [];
    return { others: (user + nice + system + irq + softIrq) * 10 - ours, at: performance.now() };
  };
  const before = await busy();
  return async () => {
    const now = await busy();
    return (100 * (now.others - before.others)) / (now.at - before.at) / availableParallelism();
  };
};

/** Prints the memory of a process and of those it started. Proportional set size: what is shared counts once. */
export const printMemory = async (main: number): Promise<void> => {
  const kinds = new Map<string, { rss: number; pss: number; processes: number }>();
  for (const { pid, kind } of await processTree(main)) {
    const rollup = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => '');
    const megabytes = (field: string) => Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(rollup)?.[1] ?? 0) / 1024;
    const sum = kinds.get(kind) ?? { rss: 0, pss: 0, processes: 0 };
    kinds.set(kind, { rss: sum.rss + megabytes('Rss'), pss: sum.pss + megabytes('Pss'), processes: sum.processes + 1 });
  }
  let total = 0;
  for (const [kind, { rss, pss, processes }] of kinds) {
    total += pss;
    console.log(
      `  ${kind.padEnd(24)} ${rss.toFixed(0).padStart(5)} MB RSS ${pss.toFixed(0).padStart(6)} MB PSS  ${processes} process${processes > 1 ? 'es' : ''}`,
    );
  }
  console.log(`  ${'all (PSS)'.padEnd(24)} ${''.padStart(12)} ${total.toFixed(0).padStart(5)} MB`);
};

const statOf = (stat: string): string[] => stat.slice(stat.lastIndexOf(')') + 2).split(' ');

const processTree = async (main: number): Promise<{ pid: number; kind: string }[]> => {
  const children = new Map<number, number[]>();
  const commands = new Map<number, string>();
  for (const name of (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry))) {
    const stat = await readFile(`/proc/${name}/stat`, 'utf8').catch(() => '');
    const parent = Number(statOf(stat)[1]);
    children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
    const command = await readFile(`/proc/${name}/cmdline`, 'utf8').catch(() => '');
    commands.set(Number(name), command.replaceAll('\0', ' ').trim());
  }
  const tree: { pid: number; kind: string }[] = [];
  const add = (pid: number, kind: string): void => {
    tree.push({ pid, kind });
    for (const child of children.get(pid) ?? []) add(child, kindOf(commands.get(child) ?? ''));
  };
  const own = kindOf(commands.get(main) ?? '');
  add(main, own === 'other' ? 'gateway and subgraphs' : own);
  return tree;
};

const kinds: readonly (readonly [RegExp, string])[] = [
  [/postgres/, 'PostgreSQL'],
  [/kafka\.Kafka/, 'Kafka'],
  [/redis-server/, 'Redis'],
  [/versitygw/, 'S3'],
  [/speech|espeak|flite/i, 'speech'],
  [/main\.ts/, 'gateway and subgraphs'],
];
const kindOf = (command: string): string => kinds.find(([pattern]) => pattern.test(command))?.[1] ?? 'other';
