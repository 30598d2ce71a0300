import { type ChildProcess, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/** Where a server keeps its data, and where what was downloaded for it is kept between runs. `port`: null takes a free one. */
export type ServerOptions = { readonly folder: string; readonly cacheFolder: string; readonly port?: number };

/** A server on loopback. `env` switches the platform to it; started again with its `port` and folder it has its data. */
export type RunningServer = {
  readonly env: Readonly<Record<string, string>>;
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** Ends it as its operator would. */
  stop(): Promise<void>;
};

/** What keeps a server from being started here, and what to do about it: one line. */
export class ServerUnavailable extends Error {}

const startMs = 60_000;
const stopMs = 20_000;

/**
 * Starts a program that serves until it is stopped; what it prints goes to `logFile`.
 * @param options.isReady looked at until it says so
 * @throws ServerUnavailable with the end of its log
 */
export const startProgram = async (options: {
  name: string;
  command: string;
  args: readonly string[];
  logFile: string;
  env?: Readonly<Record<string, string>>;
  isReady: () => Promise<boolean>;
}): Promise<{ pid: number; stop(): Promise<void> }> => {
  const log = openSync(options.logFile, 'a', 0o600);
  // Detached: Ctrl-C in the terminal reaches us first, and we stop them in order.
  const child = spawn(options.command, [...options.args], {
    stdio: ['ignore', log, log],
    detached: true,
    env: { PATH: '/usr/bin:/bin', HOME: '/nonexistent', ...options.env },
  });
  let failure: Error | null = null;
  child.on('error', (error) => {
    failure = error;
  });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  for (const deadline = Date.now() + startMs; !(await options.isReady().catch(() => false)); await delay(50)) {
    if (failure !== null || isOver(child) || Date.now() > deadline) {
      child.kill('SIGKILL');
      throw new ServerUnavailable(
        `${options.name} did not start: ${(failure as Error | null)?.message ?? (await lastLine(options.logFile))}`,
      );
    }
  }
  child.unref();
  return {
    pid: child.pid ?? 0,
    stop: async () => {
      if (isOver(child)) return;
      child.kill('SIGTERM');
      const forced = setTimeout(() => child.kill('SIGKILL'), stopMs);
      await ended;
      clearTimeout(forced);
    },
  };
};

const isOver = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null;

const lastLine = async (file: string): Promise<string> =>
  (await readFile(file, 'utf8').catch(() => '')).trim().split('\n').at(-1) ?? '';

/** Below those that Linux gives to outgoing connections (ip_local_port_range): none of them takes it while its server is away. */
const ports = [20_000, 32_768] as const;

/** A port that was free a moment ago. */
export const freePort = async (): Promise<number> => {
  for (;;) {
    const port = randomInt(...ports);
    const server = createServer().listen(port, '127.0.0.1');
    const isFree = await once(server, 'listening').then(
      () => true,
      () => false,
    );
    if (!isFree) continue;
    server.close();
    await once(server, 'close');
    return port;
  }
};
