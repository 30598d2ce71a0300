import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { migrate } from '@parley/kernel/migrate';
import { type ServiceName, subgraphNames } from '../../apart/services.ts';
import { contexts } from '../../contexts.ts';
import { startKafka } from '../../deploy/services/kafka.ts';
import { startPostgres } from '../../deploy/services/postgres.ts';
import { startRedis } from '../../deploy/services/redis.ts';
import { startS3 } from '../../deploy/services/s3.ts';
import { freePort, type RunningServer } from '../../deploy/services/server.ts';
import { type FaultyLink, openLink } from '../testkit/faultyLink.ts';
import { type Host, openNetwork, sharedLoopback } from './network.ts';
import { type Fault, type LinkName, type ProcessName, processNames, type ServerName } from './schedule.ts';
import { type Supervised, supervise } from './supervised.ts';

const cacheFolder = fileURLToPath(new URL('../../.services', import.meta.url));

/** The platform on its engines, every process and every link of which can be struck. */
export type Cluster = {
  /** Two gateways, which a client may use in turn. */
  readonly urls: readonly string[];
  readonly adminUrl: string;
  /** Where the objects lie as files. */
  readonly audioFolder: string;
  /** Resolves when what was struck is there again. */
  strike(fault: Fault): Promise<void>;
  /** Errors that the processes logged: where to look when something is wrong. */
  complaints(): readonly string[];
  /** Ends of processes that nothing explains: crashes, and orderly ends that were not. */
  unwantedEnds(): readonly string[];
  /** Every process ends as its operator would end it. @returns those that did not end with 0 */
  stop(): Promise<string[]>;
  /** Servers and folders too, whatever state they are in. */
  remove(): Promise<void>;
};

const serviceOf = (name: ProcessName): ServiceName => name.replace('2', '') as ServiceName;

/** @param namespaces each process has a network of its own; the run is in one already */
export const startCluster = async (environment: Record<string, string>, namespaces: boolean): Promise<Cluster> => {
  const folder = await mkdtemp(path.join(tmpdir(), 'parley-chaos-'));
  await chmod(folder, 0o755);
  const kafkaPort = await freePort();
  const links = new Map<LinkName, FaultyLink>();
  const network = namespaces
    ? await openNetwork()
    : sharedLoopback((host, silent) => {
        for (const [name, link] of links)
          if (name === `all to ${host}` || name.startsWith(`${host} to `))
            link.set({ kind: silent ? 'silent' : 'none' });
      });
  const hosts = new Map<ProcessName, Host>();
  for (const name of processNames) hosts.set(name, await network.addHost(name));
  const host = (name: ProcessName) => hosts.get(name) as Host;
  /** Opens a link. @returns where it is entered */
  const link = async (name: LinkName, target: () => { port: number; host?: string }): Promise<string> => {
    const opened = await openLink(target, network.address);
    links.set(name, opened);
    return `${network.address}:${opened.port}`;
  };
  // Brokers tell their clients where to go: that has to lead over the link.
  const advertised = await link('all to kafka', () => ({ port: kafkaPort }));
  const starters: Record<ServerName, () => Promise<RunningServer>> = {
    postgres: () => startPostgres({ folder, cacheFolder, ...at('postgres') }),
    redis: () => startRedis({ folder, cacheFolder, ...at('redis') }),
    kafka: () => startKafka({ folder, cacheFolder, port: kafkaPort, advertised }),
    s3: () => startS3({ folder, cacheFolder, ...at('s3') }),
  };
  const servers = new Map<ServerName, RunningServer>();
  const at = (name: ServerName) => {
    const known = servers.get(name);
    return known === undefined ? {} : { port: known.port };
  };
  const startServer = async (name: ServerName) => {
    servers.set(name, await starters[name]());
  };
  await Promise.all((Object.keys(starters) as ServerName[]).map(startServer));
  const server = (name: ServerName) => servers.get(name) as RunningServer;
  const adminUrl = server('postgres').env['DATABASE_ADMIN_URL'] ?? '';
  await migrate(adminUrl, contexts);

  const shared: Record<string, string> = {
    ...environment,
    LOG_LEVEL: 'warn',
    DATA_DIR: path.join(folder, 'data'),
    DATABASE_POOL_SIZE: '8',
    DATABASE_WAIT_MS: '1000',
    SUBGRAPH_SECRET: randomBytes(32).toString('base64url'),
    KAFKA_BROKERS: advertised,
    KAFKA_PARTITIONS: '6',
  };
  const ports = new Map<ProcessName, number>();
  for (const name of processNames) ports.set(name, await freePort());
  const placeOf = (name: ProcessName) => ({ host: host(name).address, port: ports.get(name) ?? 0 });
  const urlOf = (name: ProcessName) => `http://${placeOf(name).host}:${placeOf(name).port}`;
  for (const name of subgraphNames) {
    const replicas = processNames.filter((process) => serviceOf(process) === name);
    const addresses = replicas.map(
      async (replica) => `http://${await link(`all to ${replica}`, () => placeOf(replica))}`,
    );
    shared[`SUBGRAPH_${name.toUpperCase()}_URL`] = (await Promise.all(addresses)).join(',');
  }
  const through = (url: string, entrance: string): string => {
    const led = new URL(url);
    led.host = entrance;
    return led.toString();
  };
  const urls = processNames.filter((name) => serviceOf(name) === 'gateway').map(urlOf);
  shared['PUBLIC_URL'] = urls[0] ?? '';
  const environments = new Map<ProcessName, Record<string, string>>();
  for (const name of processNames) {
    const redis = await link(`${name} to redis`, () => ({ port: server('redis').port }));
    const own: Record<string, string> = {
      ...shared,
      HOST: placeOf(name).host,
      PORT: String(placeOf(name).port),
      REDIS_URL: through(server('redis').url, redis),
    };
    if (serviceOf(name) !== 'gateway') {
      const postgres = await link(`${name} to postgres`, () => ({ port: server('postgres').port }));
      own['DATABASE_URL'] = through(server('postgres').env['DATABASE_URL'] ?? '', postgres);
      own['SUBGRAPH_LISTEN'] = urlOf(name);
    }
    if (name === 'voice') {
      const s3 = await link('voice to s3', () => ({ port: server('s3').port }));
      Object.assign(own, server('s3').env, { S3_ENDPOINT: `http://${s3}` });
    }
    environments.set(name, own);
  }

  const complaints: string[] = [];
  const unwanted: string[] = [];
  const errorsIn = (name: string, output: string) =>
    output
      .split('\n')
      .filter((line) => /^\{"level":[56]/.test(line) || /^parley: |Error/.test(line))
      .map((line) => `${name}: ${line.replace(/\\n.*?"/g, '…"').slice(0, 400)}`);
  const processes = new Map(
    processNames.map((name) => [
      name,
      supervise(serviceOf(name), environments.get(name) ?? {}, host(name).command, (output, unasked) => {
        complaints.push(...errorsIn(name, output));
        if (unasked === null) return;
        const fatal = output.split('\n').findLast((line) => line.startsWith('{"level":60'));
        unwanted.push(`${name} ${unasked}: ${fatal ?? output.slice(-500)}`);
      }),
    ]),
  );
  await Promise.all([...processes.values()].map(({ ready }) => ready));

  const signalGroup = (pid: number, signal: NodeJS.Signals) => {
    try {
      process.kill(pid, signal);
    } catch {
      // It is gone.
    }
  };
  /** A server that is still starting is struck once it has started: there are never two of it. */
  const whenStarted = new Map<ServerName, Promise<void>>();
  const killServer = (name: ServerName, awayMs: number): Promise<void> => {
    const again = (whenStarted.get(name) ?? Promise.resolve()).then(async () => {
      const { pid } = server(name);
      // PostgreSQL's immediate shutdown: as a crash, with recovery from its log, and no process of it left behind.
      signalGroup(pid, name === 'postgres' ? 'SIGQUIT' : 'SIGKILL');
      await gone(pid);
      await delay(awayMs);
      await startServer(name);
    });
    whenStarted.set(
      name,
      again.catch(() => {}),
    );
    return again;
  };
  const strike = async (fault: Fault): Promise<void> => {
    if ('process' in fault) {
      const { process: name, kind, durationMs } = fault;
      const struck = processes.get(name) as Supervised;
      if (kind === 'pause') await struck.pause(durationMs);
      else if (kind === 'isolate') {
        await host(name).setConnected(false);
        await delay(durationMs);
        await host(name).setConnected(true);
      } else await struck.end(kind === 'kill' ? 'SIGKILL' : 'SIGTERM', durationMs);
    } else if ('server' in fault) {
      const { server: name, kind, durationMs } = fault;
      if (kind === 'kill server') return killServer(name, durationMs);
      const { pid } = server(name);
      signalGroup(pid, 'SIGSTOP');
      await delay(durationMs);
      signalGroup(pid, 'SIGCONT');
    } else {
      const disturbed = links.get(fault.link);
      if (disturbed === undefined) throw new Error(`there is no link ${fault.link}`);
      disturbed.set(
        fault.kind === 'slow'
          ? { kind: 'slow', slowMs: fault.slowMs }
          : { kind: fault.kind === 'cut' ? 'cut' : 'silent' },
      );
      await delay(fault.durationMs);
      disturbed.set({ kind: 'none' });
    }
  };

  const endAll = async (names: readonly ProcessName[]): Promise<string[]> => {
    const codes = await Promise.all(names.map(async (name) => [name, await processes.get(name)?.stop()] as const));
    return codes.filter(([, code]) => code !== 0).map(([name, code]) => `${name} ended with ${code}`);
  };
  const isGateway = (name: ProcessName) => serviceOf(name) === 'gateway';
  return {
    urls,
    adminUrl,
    audioFolder: path.join(folder, 's3', 'buckets', server('s3').env['S3_BUCKET'] ?? ''),
    strike,
    complaints: () => complaints,
    unwantedEnds: () => unwanted,
    stop: async () => [
      ...(await endAll(processNames.filter(isGateway))),
      ...(await endAll(processNames.filter((name) => !isGateway(name)))),
    ],
    remove: async () => {
      for (const { kill } of processes.values()) await kill();
      for (const { close } of links.values()) await close();
      for (const { pid, stop } of servers.values()) {
        signalGroup(pid, 'SIGCONT');
        await stop();
      }
      await rm(folder, { recursive: true, force: true });
    },
  };
};

const gone = async (pid: number): Promise<void> => {
  for (const deadline = Date.now() + 15_000; Date.now() < deadline; await delay(20)) {
    try {
      process.kill(pid, 0);
    } catch {
      return;
    }
  }
};
