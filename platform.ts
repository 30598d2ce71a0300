import { mkdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';
import { readAgentConfig } from '@parley/agent/config';
import { startAgent } from '@parley/agent/server';
import { startAnalytics } from '@parley/analytics/server';
import { readAuthConfig } from '@parley/auth/config';
import { startAuth } from '@parley/auth/server';
import { gatewayConfig } from '@parley/gateway/config';
import { watchFile } from '@parley/gateway/planning/watchedFile';
import { type Gateway, startGateway } from '@parley/gateway/server';
import { createBacklog } from '@parley/kernel/backlog';
import { ConfigError } from '@parley/kernel/config';
import { inProcessBus } from '@parley/kernel/inProcessBus';
import { kafkaBus } from '@parley/kernel/kafkaBus';
import { openKeyFile } from '@parley/kernel/keyFile';
import type { Log } from '@parley/kernel/log';
import { memoryPubSub } from '@parley/kernel/memoryPubSub';
import { redisPubSub } from '@parley/kernel/redisPubSub';
import type { Subgraph } from '@parley/kernel/subgraph';
import { startSales } from '@parley/sales/server';
import { audioOrigin, voiceConfig } from '@parley/voice/config';
import { startVoice } from '@parley/voice/server';
import type { PlatformConfig } from './config.ts';
import { consolePages } from './consolePages.ts';
import { contexts } from './contexts.ts';
import { connect, openDatabases, requireMigrations } from './databases.ts';
import { rehearseConversations } from './rehearsal/rehearseConversations.ts';
import { readSchemas, supergraphFile, trustedDocumentsFile } from './schemas.ts';
import { sendKeys } from './signingKeysRoute.ts';
import { type Stop, stopInOrder, unhurried } from './stopInOrder.ts';

/** Gateway and five subgraphs in this process. `drained` waits until every event so far has been handled everywhere. */
export type Platform = {
  readonly url: string;
  /** Looks at once whether the supergraph or the client's documents have changed. */
  reload(): Promise<void>;
  drained(): Promise<void>;
  /** Resolves when no rehearsal is under way any more. */
  readonly rehearsed: Promise<void>;
  stop(): Promise<void>;
};

/**
 * Starts everything, in the order it is needed; what was started is stopped again when a later part fails.
 * @throws ConfigError
 */
export const startPlatform = async (
  config: PlatformConfig,
  environment: Readonly<Record<string, string | undefined>>,
  log: Log,
): Promise<Platform> => {
  // All settings are read before anything is started: a wrong one costs nothing.
  const settings = {
    gateway: gatewayConfig(environment),
    auth: readAuthConfig(environment),
    voice: voiceConfig(environment),
    agent: readAgentConfig(environment),
  };
  const stops: Stop[] = [];
  const stop = () => stopInOrder(stops, log);
  try {
    const port = await claimPort(config);
    const publicUrl = config.publicUrl ?? `http://${config.host}:${port}`;
    await mkdir(config.dataDir, { recursive: true });
    const masterKey = await openKeyFile(path.join(config.dataDir, 'keys', 'master.key'));

    const database = await openDatabases(config);
    stops.push(database.stop);
    const pool = await connect(database.url, config, log);
    stops.push(() => pool.end());
    if (config.database !== null) await requireMigrations(pool, contexts);

    const backlog = createBacklog(log, { lateMs: config.eventsLateMs });
    const bus = config.kafka === null ? inProcessBus(log, backlog) : kafkaBus(config.kafka, log, backlog);
    stops.push(bus.close);
    const pubsub = config.redisUrl === null ? memoryPubSub() : redisPubSub(config.redisUrl, log);
    stops.push(pubsub.close);

    const clock = () => new Date();
    const shared = { pool, bus, pubsub, masterKey, log, clock };
    const { publicSchema, supergraphSdl, trustedDocuments } = await readSchemas();
    // Subgraphs call each other in a circle (sales → voice → sales): each is handed in before it is started.
    const running: Record<string, Subgraph> = {};
    const later = (name: string): Subgraph => ({
      name,
      execute: (request) => started(name).execute(request),
      subscribe: (request) => started(name).subscribe(request),
    });
    const started = (name: string): Subgraph => {
      const subgraph = running[name];
      if (subgraph === undefined) throw new Error(`${name} is not up yet`);
      return subgraph;
    };

    const [auth, voice, agent, analytics] = await Promise.all([
      startAuth({ ...shared, config: settings.auth, publicSchema }),
      startVoice({
        ...shared,
        config: settings.voice,
        dataFolder: config.dataDir,
        publicUrl,
        subgraphs: { sales: later('sales') },
      }),
      startAgent({ ...shared, config: settings.agent, subgraphs: { voice: later('voice') } }),
      startAnalytics(shared),
    ]);
    for (const server of [auth, voice, agent, analytics]) {
      running[server.subgraph.name] = server.subgraph;
      stops.push(server.stop);
    }
    const sales = startSales({
      ...shared,
      subgraphs: { auth: later('auth'), agent: later('agent'), voice: later('voice') },
    });
    running['sales'] = sales.subgraph;
    stops.push(sales.stop);

    const gateway: Gateway = await startGateway({
      config: { ...settings.gateway, port, host: config.host },
      supergraphSdl,
      subgraphs: running,
      log,
      pubsub,
      backlog,
      trustedDocuments,
      routes: [
        { prefix: '/audio', handle: voice.handleAudio },
        { prefix: '/.well-known/jwks.json', handle: (request, response) => sendKeys(auth.subgraph, request, response) },
        { prefix: '/', handle: consolePages(audioOrigin(environment)) },
      ],
      ready: async () => {
        const detail = await pool.query('SELECT 1').then(
          () => 'ready',
          () => 'the database does not answer',
        );
        return { ok: detail === 'ready', detail };
      },
    });
    stops.push(unhurried(gateway.close));
    const watched = [
      watchFile(supergraphFile, supergraphSdl, gateway.loadSupergraph, log),
      watchFile(trustedDocumentsFile, trustedDocuments, gateway.loadTrustedDocuments, log),
    ];
    stops.push(async () => {
      for (const file of watched) file.close();
    });
    sales.start();
    const stopping = new AbortController();
    const rehearse = async (): Promise<void> => {
      if (!config.rehearsal) return;
      await rehearseConversations({
        url: `http://${config.host.includes(':') ? `[${config.host}]` : config.host}:${port}`,
        pool,
        agent: agent.subgraph,
        sales: sales.subgraph,
        forgetAudio: voice.forgetAudio,
        signal: stopping.signal,
      }).catch((error: unknown) => {
        if (!stopping.signal.aborted)
          log.warn({ err: error }, 'the rehearsal broke off; the first replies take longer');
      });
    };
    const rehearsed = rehearse();
    stops.push(() => {
      stopping.abort();
      return rehearsed;
    });
    return {
      url: publicUrl,
      reload: async () => {
        for (const file of watched) await file.check();
      },
      rehearsed,
      drained: async () => {
        for (const server of [auth, sales, voice, agent]) await server.drained();
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
};

/** Finds out early, before anything is started, whether the port can be had; 0 asks for any. */
const claimPort = ({ port, host }: PlatformConfig): Promise<number> =>
  new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        error.code === 'EADDRINUSE'
          ? new ConfigError(`PORT ${port} is in use on ${host}: stop what listens there, or set PORT to another one`)
          : new ConfigError(`PORT ${port} on HOST ${host} cannot be used: ${error.message}`),
      ),
    );
    probe.listen(port, host, () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : port));
    });
  });
