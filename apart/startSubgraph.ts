import { mkdir } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import path from 'node:path';
import { backlogText, createBacklog } from '@parley/kernel/backlog';
import type { EventBus } from '@parley/kernel/bus';
import type { CallSecrets } from '@parley/kernel/callProof';
import type { Pool } from '@parley/kernel/database';
import { eventsPath, httpBus } from '@parley/kernel/httpBus';
import { type HttpSubgraph, httpSubgraph } from '@parley/kernel/httpSubgraph';
import { kafkaBus } from '@parley/kernel/kafkaBus';
import { type MasterKey, openKeyFile } from '@parley/kernel/keyFile';
import type { Log } from '@parley/kernel/log';
import { memoryPubSub } from '@parley/kernel/memoryPubSub';
import { createPoster, type Poster } from '@parley/kernel/poster';
import type { ProvenHandler } from '@parley/kernel/provenRequest';
import type { PubSub } from '@parley/kernel/pubsub';
import { redisPubSub } from '@parley/kernel/redisPubSub';
import { createReplicas } from '@parley/kernel/replicas';
import { serveSubgraph } from '@parley/kernel/serveSubgraph';
import type { Subgraph } from '@parley/kernel/subgraph';
import { parseSubgraphAddresses } from '@parley/kernel/subgraphAddress';
import type { PlatformConfig } from '../config.ts';
import { contexts } from '../contexts.ts';
import { connect, openDatabases, requireMigrations } from '../databases.ts';
import { readSchemas } from '../schemas.ts';
import { type Stop, stopInOrder, unhurried } from '../stopInOrder.ts';
import type { ApartConfig } from './config.ts';
import { type SubgraphName, services } from './services.ts';

/** A service that runs by itself. */
export type RunningService = {
  readonly url: string;
  /** Looks at once whether the supergraph file has changed; of a gateway only. */
  reload?(): Promise<void>;
  stop(): Promise<void>;
};

type Parts = {
  readonly pool: Pool;
  readonly bus: EventBus;
  readonly pubsub: PubSub;
  readonly masterKey: MasterKey;
  readonly log: Log;
  readonly clock: () => Date;
};
type Environment = Readonly<Record<string, string | undefined>>;
type Started = {
  readonly subgraph: Subgraph;
  /** What it does by itself, once it can be called. */
  start?(): void;
  handleAudio?(request: IncomingMessage, response: ServerResponse): Promise<void>;
  stop(): Promise<void>;
};
type Call = (name: SubgraphName) => Subgraph;
/** Loads the service and reads its own settings; what it resolves to starts it. */
type Prepare = (
  config: PlatformConfig,
  environment: Environment,
) => Promise<(parts: Parts, call: Call) => Started | Promise<Started>>;

const prepare: Readonly<Record<SubgraphName, Prepare>> = {
  auth: async (_config, environment) => {
    const [{ readAuthConfig }, { startAuth }] = await Promise.all([
      import('@parley/auth/config'),
      import('@parley/auth/server'),
    ]);
    const config = readAuthConfig(environment);
    const { publicSchema } = await readSchemas();
    return (parts) => startAuth({ ...parts, config, publicSchema });
  },
  voice: async ({ dataDir, publicUrl }, environment) => {
    const [{ voiceConfig }, { startVoice }] = await Promise.all([
      import('@parley/voice/config'),
      import('@parley/voice/server'),
    ]);
    const config = voiceConfig(environment);
    return (parts, call) =>
      startVoice({
        ...parts,
        config,
        dataFolder: dataDir,
        publicUrl: publicUrl ?? '',
        subgraphs: { sales: call('sales') },
      });
  },
  agent: async (_config, environment) => {
    const [{ readAgentConfig }, { startAgent }] = await Promise.all([
      import('@parley/agent/config'),
      import('@parley/agent/server'),
    ]);
    const config = readAgentConfig(environment);
    return (parts, call) => startAgent({ ...parts, config, subgraphs: { voice: call('voice') } });
  },
  analytics: async () => {
    const { startAnalytics } = await import('@parley/analytics/server');
    return (parts) => startAnalytics(parts);
  },
  sales: async () => {
    const { startSales } = await import('@parley/sales/server');
    return (parts, call) =>
      startSales({ ...parts, subgraphs: { auth: call('auth'), agent: call('agent'), voice: call('voice') } });
  },
};

/** Starts one of the five, called by the others over signed HTTP. What was started is stopped again when a later part fails. @throws ConfigError */
export const startSubgraph = async (
  name: SubgraphName,
  config: PlatformConfig,
  { urls, secrets, listen, unreadyMs }: ApartConfig,
  environment: Environment,
  log: Log,
): Promise<RunningService> => {
  const startPrepared = await prepare[name](config, environment);
  const stops: Stop[] = [];
  const stop = () => stopInOrder(stops, log);
  try {
    await mkdir(config.dataDir, { recursive: true });
    const masterKey = await openKeyFile(path.join(config.dataDir, 'keys', 'master.key'));
    const database = await openDatabases(config);
    const pool = await connect(database.url, config, log);
    stops.push(() => pool.end());
    await requireMigrations(
      pool,
      contexts.filter((context) => context.name === name),
    );
    const pubsub = config.redisUrl === null ? memoryPubSub() : redisPubSub(config.redisUrl, log);
    stops.push(pubsub.close);
    const backlog = createBacklog(log, { lateMs: config.eventsLateMs });
    let handlers: Readonly<Record<string, ProvenHandler>> = {};
    let bus: EventBus;
    if (config.kafka === null) {
      const peers = services[name].tells.map((peer) => postToAny(peer, urls.get(peer) ?? '', secrets));
      const overHttp = httpBus(name, peers, log, backlog);
      handlers = { [eventsPath]: overHttp.receive };
      bus = overHttp;
    } else bus = kafkaBus(config.kafka, log, backlog);
    stops.push(bus.close);

    const call = (other: SubgraphName): HttpSubgraph => {
      const subgraph = httpSubgraph({ name: other, url: urls.get(other) ?? '', secrets });
      stops.push(subgraph.close);
      return subgraph;
    };
    const parts: Parts = { pool, bus, pubsub, masterKey, log, clock: () => new Date() };
    const started = await startPrepared(parts, call);
    stops.push(started.stop);
    const served = await serveSubgraph({
      subgraph: started.subgraph,
      listen: listen ?? { host: config.host, port: 0 },
      secrets,
      log,
      handlers,
      unreadyMs,
      open: {
        '/metrics': async (_request, response) =>
          void response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' }).end(backlogText(backlog)),
        ...(started.handleAudio ? { '/audio/': started.handleAudio } : {}),
      },
      ready: () =>
        pool.query('SELECT 1').then(
          () => true,
          () => false,
        ),
    });
    stops.push(unhurried(served.close));
    started.start?.();
    return { url: served.url, stop };
  } catch (error) {
    await stop();
    throw error;
  }
};

/** To whichever replica of a peer answers: what is delivered twice is taken once. */
const postToAny = (name: SubgraphName, url: string, secrets: CallSecrets): Poster => {
  const { all, ask } = createReplicas(
    parseSubgraphAddresses(url).map((address) => createPoster({ name, address, secrets, connections: 4 })),
  );
  return {
    post: (path, value, by) =>
      ask((poster, signal) => poster.post(path, value, { ...by, signal }), { isRepeatable: true, signal: by.signal }),
    close: async () => {
      await Promise.all(all.map((poster) => poster.close()));
    },
  };
};
