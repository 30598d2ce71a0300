import { randomBytes } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:net';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { readAgentConfig } from '@parley/agent/config';
import { startAgent } from '@parley/agent/server';
import { startAnalytics } from '@parley/analytics/server';
import { readAuthConfig } from '@parley/auth/config';
import { startAuth } from '@parley/auth/server';
import { gatewayConfig } from '@parley/gateway/config';
import { type Gateway, startGateway } from '@parley/gateway/server';
import { ConfigError } from '@parley/kernel/config';
import { openPool } from '@parley/kernel/database';
import { startEmbeddedPostgres } from '@parley/kernel/embeddedPostgres';
import { inProcessBus } from '@parley/kernel/inProcessBus';
import { kafkaBus } from '@parley/kernel/kafkaBus';
import { openKeyFile } from '@parley/kernel/keyFile';
import type { Log } from '@parley/kernel/log';
import { memoryPubSub } from '@parley/kernel/memoryPubSub';
import { bootstrap, migrate } from '@parley/kernel/migrate';
import { redisPubSub } from '@parley/kernel/redisPubSub';
import type { Subgraph } from '@parley/kernel/subgraph';
import { startSales } from '@parley/sales/server';
import { voiceConfig } from '@parley/voice/config';
import { startVoice } from '@parley/voice/server';
import { buildSchema, type GraphQLSchema } from 'graphql';
import pg from 'pg';
import type { PlatformConfig } from './config.ts';
import { consolePages } from './consolePages.ts';
import { contexts } from './contexts.ts';

/** Gateway and five subgraphs in this process. `drained` waits until every event so far has been handled everywhere. */
export type Platform = { readonly url: string; drained(): Promise<void>; stop(): Promise<void> };

const fileOf = (name: string) => readFile(fileURLToPath(new URL(name, import.meta.url)), 'utf8');

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
  const stops: (() => Promise<unknown>)[] = [];
  const stop = async () => {
    for (let next = stops.pop(); next !== undefined; next = stops.pop()) {
      await next().catch((error: unknown) => log.error({ err: error }, 'stopping'));
    }
  };
  try {
    const port = await claimPort(config);
    const publicUrl = config.publicUrl ?? `http://${config.host}:${port}`;
    await mkdir(config.dataDir, { recursive: true });
    const masterKey = await openKeyFile(path.join(config.dataDir, 'keys', 'master.key'));

    const database = await openDatabases(config);
    stops.push(database.stop);
    const pool = openPool(database.url, {
      max: config.poolSize,
      onError: (error) => log.warn({ err: error.message }, 'database connection lost'),
    });
    stops.push(() => pool.end());
    await pool.query('SELECT 1').catch((error: Error) => {
      throw new ConfigError(`DATABASE_URL cannot be used: ${error.message || (error as NodeJS.ErrnoException).code}`);
    });

    const bus = config.kafka === null ? inProcessBus() : await kafkaBus(config.kafka, log);
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
      trustedDocuments,
      routes: [
        { prefix: '/audio', handle: voice.handleAudio },
        { prefix: '/.well-known/jwks.json', handle: (request, response) => sendKeys(auth.subgraph, request, response) },
        { prefix: '/', handle: consolePages() },
      ],
      ready: async () => {
        const detail = await pool.query('SELECT 1').then(
          () => 'ready',
          () => 'the database does not answer',
        );
        return { ok: detail === 'ready', detail };
      },
    });
    stops.push(gateway.close);
    sales.start();
    return {
      url: publicUrl,
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

/** Where the tables are, migrated: the given server, or PostgreSQL of our own in the data folder. */
const openDatabases = async (config: PlatformConfig): Promise<{ url: string; stop(): Promise<void> }> => {
  if (config.database !== null) {
    const { url, adminUrl } = config.database;
    if (adminUrl !== null) {
      await bootstrap(adminUrl).catch((error: Error) => {
        throw new ConfigError(
          `DATABASE_ADMIN_URL cannot be used: ${error.message || (error as NodeJS.ErrnoException).code}`,
        );
      });
      await migrate(adminUrl, contexts);
    }
    return { url, stop: async () => {} };
  }
  const server = await startEmbeddedPostgres(path.join(config.dataDir, 'postgres'));
  const release = await holdDataFolder(server.url, config.dataDir);
  const stop = async () => {
    await release();
    await server.stop();
  };
  try {
    const appPassword = randomBytes(18).toString('base64url');
    await bootstrap(server.url, { appPassword });
    await migrate(server.url, contexts);
    const url = new URL(server.url);
    url.username = 'app_login';
    url.password = appPassword;
    return { url: url.toString(), stop };
  } catch (error) {
    await stop();
    throw error;
  }
};

const folderLock = 7_023_159;
/** How long a platform that was just killed may still seem to be there. */
const lingerMs = 3000;

/** One platform per data folder: a lock that PostgreSQL lets go of when its holder dies. @throws ConfigError */
const holdDataFolder = async (url: string, dataDir: string): Promise<() => Promise<void>> => {
  const holder = new pg.Client({ connectionString: url });
  // The server may be stopped under us by an operator; what needs it will say so.
  holder.on('error', () => {});
  await holder.connect();
  for (let waited = 0; ; waited += 100) {
    const { rows } = await holder.query<{ held: boolean }>(`SELECT pg_try_advisory_lock(${folderLock}) AS held`);
    if (rows[0]?.held === true) return () => holder.end();
    if (waited >= lingerMs) break;
    await delay(100);
  }
  await holder.end();
  throw new ConfigError(
    `DATA_DIR ${dataDir} is in use by another platform: stop that one, or set DATA_DIR to another folder`,
  );
};

const readSchemas = async () => {
  const sdl = await fileOf('client/schema.graphql');
  let built: GraphQLSchema | undefined;
  return {
    publicSchema: () => (built ??= buildSchema(sdl)),
    supergraphSdl: await fileOf('supergraph.graphql'),
    trustedDocuments: JSON.parse(await fileOf('client/persisted-documents.json')) as Record<string, string>,
  };
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

/** The keys our access tokens are verified with (RFC 7517). */
const sendKeys = async (auth: Subgraph, request: IncomingMessage, response: ServerResponse): Promise<void> => {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.writeHead(405, { allow: 'GET, HEAD' }).end();
    return;
  }
  const { data } = await auth.execute({ query: '{ signingKeys { jwk } }', actor: null, requestId: 'jwks' });
  const keys = ((data as { signingKeys: { jwk: string }[] | null } | null)?.signingKeys ?? []).map(
    ({ jwk }) => JSON.parse(jwk) as object,
  );
  response.writeHead(200, { 'content-type': 'application/jwk-set+json', 'cache-control': 'public, max-age=300' });
  response.end(JSON.stringify({ keys }));
};
