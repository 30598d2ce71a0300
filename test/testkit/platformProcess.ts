import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { freePort as freeServerPort } from '../../deploy/services/server.ts';
import { patient } from './platform.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** `npm start` as a process of its own. */
export type PlatformProcess = {
  readonly url: string;
  readonly child: ChildProcess;
  /** milliseconds from spawn to the line that says it is ready */
  readonly readyMs: number;
  readonly output: () => string;
  /** Ends it as a power cut would. */
  kill(): Promise<void>;
  /** Ends it as an operator would. @returns its exit code */
  stop(): Promise<number | null>;
};

/** What `npm start` gives to node: flags, and the file. */
const startArguments: readonly string[] = (
  JSON.parse(readFileSync(`${root}/package.json`, 'utf8')) as { scripts: { start: string } }
).scripts.start
  .replace(/^exec node /, '')
  .split(' ');

const spawnMain = (
  environment: Record<string, string>,
  asked: readonly string[] = [],
  /** What runs it: a command that becomes what it is given. */
  within: readonly string[] = [],
): { child: ChildProcess; output: () => string } => {
  const [command = '', ...args] = [...within, process.execPath, ...startArguments, ...asked];
  const child = spawn(command, args, {
    cwd: root,
    env: { ...process.env, LOG_LEVEL: 'error', ...patient, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
  }
  return { child, output: () => output };
};

/** As `startPlatformProcess`, for who does not wait until it is ready. `ready` rejects with what it printed. */
export const launchPlatformProcess = (
  environment: Record<string, string>,
  asked: readonly string[] = [],
  within: readonly string[] = [],
): Omit<PlatformProcess, 'url' | 'readyMs'> & { readonly ready: Promise<string> } => {
  const { child, output } = spawnMain(environment, asked, within);
  const exited = once(child, 'exit');
  const ready = new Promise<string>((resolve, reject) => {
    child.stdout?.on('data', () => {
      const [, found] = /^ +(?:GraphQL|listening) +(\S+?)(?:\/graphql .*)?$.*^Stop with/ms.exec(output()) ?? [];
      if (found !== undefined) resolve(found);
    });
    void exited.then(() => reject(new Error(`the platform did not start:\n${output()}`)));
  });
  ready.catch(() => {});
  const end = async (signal: NodeJS.Signals) => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal);
    await exited;
  };
  return {
    child,
    ready,
    output,
    kill: () => end('SIGKILL'),
    stop: async () => {
      await end('SIGTERM');
      return child.exitCode;
    },
  };
};

/** @throws with what it printed, when it does not come up */
export const startPlatformProcess = async (
  environment: Record<string, string>,
  asked: readonly string[] = [],
): Promise<PlatformProcess> => {
  const started = performance.now();
  const { ready, ...launched } = launchPlatformProcess(environment, asked);
  const url = await ready;
  return { ...launched, url, readyMs: performance.now() - started };
};

/** A start that is expected to be refused. @returns what it printed and its exit code; null: it had to be stopped */
export const refusedStart = async (
  environment: Record<string, string>,
  patienceMs = 20_000,
  asked: readonly string[] = [],
): Promise<{ code: number | null; output: string }> => {
  const { child, output } = spawnMain(environment, asked);
  const timer = setTimeout(() => child.kill('SIGTERM'), patienceMs);
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  clearTimeout(timer);
  return { code: signal === null && !output().includes('parley is ready') ? code : null, output: output() };
};

/** A port that was free a moment ago, as a setting. */
export const freePort = async (): Promise<string> => String(await freeServerPort());
