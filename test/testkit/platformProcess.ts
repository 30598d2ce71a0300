import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';

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

/** @throws with what it printed, when it does not come up */
export const startPlatformProcess = async (environment: Record<string, string>): Promise<PlatformProcess> => {
  const started = performance.now();
  const child = spawn(process.execPath, ['--cpu-prof','--cpu-prof-dir=/tmp/prof', process.env.PARLEY_MAIN ?? 'main.ts'], {
    cwd: root,
    env: { ...process.env, LOG_LEVEL: 'error', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const exited = once(child, 'exit');
  child.stderr?.on('data', (c: Buffer) => process.env.SHOW && process.stderr.write(c)); const ready = new Promise<void>((resolve, reject) => {
    const read = (chunk: Buffer) => {
      output += chunk.toString();
      if (output.includes('parley is ready')) resolve();
    };
    child.stdout?.on('data', read);
    child.stderr?.on('data', read);
    void exited.then(() => reject(new Error(`the platform did not start:\n${output}`)));
  });
  await ready;
  const end = async (signal: NodeJS.Signals) => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal);
    await exited;
  };
  return {
    url: `http://127.0.0.1:${environment['PORT']}`,
    child,
    readyMs: performance.now() - started,
    output: () => output,
    kill: () => end('SIGKILL'),
    stop: async () => {
      await end('SIGTERM');
      return child.exitCode;
    },
  };
};

/** A port that was free a moment ago. */
export const freePort = async (): Promise<string> => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return String(typeof address === 'object' && address !== null ? address.port : 0);
};
