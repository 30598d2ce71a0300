import cluster, { type Worker } from 'node:cluster';
import { once } from 'node:events';
import { ConfigError } from '@parley/kernel/config';
import type { Log } from '@parley/kernel/log';
import type { Asked } from '../arguments.ts';
import type { PlatformConfig } from '../config.ts';
import type { Running } from '../start.ts';
import { supergraphFile } from './config.ts';

type Where = Running['where'];
/** A worker's word to its primary that it serves, and where. */
const readyWord = (where: Where) => ({ parleyReady: where });
const isReady = (message: unknown): message is ReturnType<typeof readyWord> =>
  typeof message === 'object' && message !== null && 'parleyReady' in message;

/** How long after a worker died another takes its place: a start that fails at once must not be all that happens. */
const restMs = 1000;

/** How many processes share the port. @throws ConfigError where they could not work together */
export const workersFor = (
  asked: Asked,
  config: PlatformConfig,
  environment: Readonly<Record<string, string | undefined>>,
): number => {
  const { service } = asked;
  const { workers } = config;
  if (workers === 1) return 1;
  if (service === 'everything') {
    const missing = config.database === null ? 'DATABASE_URL' : config.redisUrl === null ? 'REDIS_URL' : null;
    if (missing !== null)
      throw new ConfigError(
        `${missing} is missing: WORKERS is ${workers}, and workers share a PostgreSQL server and tell each other live updates over Redis`,
      );
  } else if (service !== 'gateway')
    throw new ConfigError(`WORKERS is ${workers}, and ${service} by itself runs in one process: leave it out`);
  else if (supergraphFile(asked, environment) === null && config.redisUrl === null)
    throw new ConfigError(
      `REDIS_URL is missing: WORKERS is ${workers}, and gateways hear of ended sessions over Redis`,
    );
  if (config.port === 0) throw new ConfigError(`PORT is 0, and ${workers} workers need one they can share`);
  return workers;
};

/** Tells the primary, in a worker; false in a process that is none, which prints it itself. */
export const tellPrimary = (where: Where): boolean => {
  if (!cluster.isWorker) return false;
  process.send?.(readyWord(where));
  return true;
};

export const isPrimary = (): boolean => cluster.isPrimary;

/** Runs this program `count` times on one port (node:cluster). One that dies is replaced. Ends the process with a worker that cannot start. */
export const startWorkers = async (count: number, log: Log): Promise<Running> => {
  let stopping = false;
  const startOne = async (): Promise<Where> => {
    const worker = cluster.fork();
    return new Promise((resolve, reject) => {
      let serves = false;
      worker.on('message', (message: unknown) => {
        if (!isReady(message)) return;
        serves = true;
        resolve(message.parleyReady);
      });
      worker.once('exit', (code, signal) => {
        if (!serves) reject(new WorkerFailed(code ?? 1));
        if (stopping) return;
        log.error({ worker: worker.id, code, signal }, 'a worker ended; another takes its place');
        if (serves) setTimeout(replace, restMs);
      });
    });
  };
  const replace = (): void => {
    if (stopping) return;
    startOne().catch((error: unknown) => {
      log.error({ err: error }, 'a worker could not be replaced; it is tried again');
      setTimeout(replace, restMs);
    });
  };
  const stop = async (): Promise<void> => {
    stopping = true;
    await Promise.all(Object.values(cluster.workers ?? {}).map(endWorker));
  };
  try {
    // The first alone: what is wrong with the settings is said once.
    const where = await startOne();
    await Promise.all(Array.from({ length: count - 1 }, startOne));
    const reload = async () => {
      for (const worker of Object.values(cluster.workers ?? {})) worker?.process.kill('SIGHUP');
    };
    return { where: [...where, ['workers', String(count)]], reload, stop };
  } catch (error) {
    await stop();
    if (error instanceof WorkerFailed) process.exit(error.code);
    throw error;
  }
};

/** It has printed why. */
class WorkerFailed extends Error {
  readonly code: number;

  constructor(code: number) {
    super(`a worker ended with code ${code} before it was ready`);
    this.code = code;
  }
}

const endWorker = async (worker: Worker | undefined): Promise<void> => {
  if (worker === undefined || worker.isDead()) return;
  const gone = once(worker, 'exit');
  worker.process.kill('SIGTERM');
  await gone;
};
