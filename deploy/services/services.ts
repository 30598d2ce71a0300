import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { startKafka } from './kafka.ts';
import { startPostgres } from './postgres.ts';
import { startRedis } from './redis.ts';
import { startS3 } from './s3.ts';
import type { RunningServer, ServerOptions } from './server.ts';

/** What was fetched and built for the servers, kept between runs. */
const cacheFolder = fileURLToPath(new URL('../../.services', import.meta.url));

const starters = {
  PostgreSQL: startPostgres,
  Redis: startRedis,
  Kafka: startKafka,
  S3: startS3,
} as const satisfies Record<string, (options: ServerOptions) => Promise<RunningServer>>;
export type ServiceEngine = keyof typeof starters;

/** Every outside engine, on loopback. `env` is what the platform is told to use them. */
export type Services = {
  readonly env: Readonly<Record<string, string>>;
  readonly folder: string;
  readonly servers: Readonly<Record<ServiceEngine, RunningServer>>;
  /** Starts a server that was ended, with its data, where it was. */
  startAgain(engine: ServiceEngine): Promise<RunningServer>;
  stop(): Promise<void>;
};

/**
 * Starts all of them side by side, in a folder that is gone when they are stopped, or in the one given, which stays.
 * @throws ServerUnavailable
 */
export const startServices = async (
  given: { folder?: string; onStarted?: (line: string) => void } = {},
): Promise<Services> => {
  const folder =
    given.folder === undefined ? await mkdtemp(path.join(tmpdir(), 'parley-services-')) : path.resolve(given.folder);
  await mkdir(folder, { recursive: true });
  await mkdir(cacheFolder, { recursive: true });
  // PostgreSQL does not run as root: another user has to reach its folder.
  await chmod(folder, 0o755);
  const servers: Partial<Record<ServiceEngine, RunningServer>> = {};
  const startOne = async (engine: ServiceEngine, port?: number): Promise<RunningServer> => {
    const began = Date.now();
    const server = await starters[engine]({ folder, cacheFolder, ...(port === undefined ? {} : { port }) });
    servers[engine] = server;
    given.onStarted?.(
      `${engine.padEnd(10)} 127.0.0.1:${server.port} after ${((Date.now() - began) / 1000).toFixed(1)} s`,
    );
    return server;
  };
  const stop = async () => {
    await Promise.all(Object.values(servers).map((server) => server.stop()));
    if (given.folder === undefined) await rm(folder, { recursive: true, force: true });
  };
  const outcomes = await Promise.allSettled(
    (Object.keys(starters) as ServiceEngine[]).map((engine) => startOne(engine)),
  );
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failed !== undefined) {
    await stop();
    throw failed.reason;
  }
  const all = servers as Record<ServiceEngine, RunningServer>;
  return {
    env: Object.assign({}, ...Object.values(all).map(({ env }) => env)) as Record<string, string>,
    folder,
    servers: all,
    startAgain: (engine) => startOne(engine, all[engine].port),
    stop,
  };
};
