import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { type Backlog, backlogLabels } from '@parley/kernel/backlog';
import type { PubSub } from '@parley/kernel/pubsub';
import type { Subgraph } from '@parley/kernel/subgraph';
import { createApiKeys } from './access/apiKeys.ts';
import { type Authenticate, createAuthenticate } from './access/authenticate.ts';
import { listenForRevocations } from './access/revocations.ts';
import { createSigningKeys } from './access/signingKeys.ts';
import { createAdmission } from './admission/admit.ts';
import { createPersistedDocuments } from './admission/persistedDocuments.ts';
import { createRateLimits } from './admission/rateLimits.ts';
import { createTrustedDocuments, readManifest } from './admission/trustedDocuments.ts';
import { createCachedRuns } from './caching/cachedRuns.ts';
import { openCaching } from './caching/openCaching.ts';
import { createCallSubgraph } from './calls/subgraphRequest.ts';
import type { GatewayConfig } from './config.ts';
import { createMask } from './errors.ts';
import { createSharedRuns, runAdmitted } from './execution/sharedRuns.ts';
import { createReadLive } from './live/liveReading.ts';
import { createLiveStreams } from './live/liveStreams.ts';
import type { Log } from './log.ts';
import { CompilingGateway } from './planning/apolloGateway.ts';
import { createSupergraphSwap, warnOfUnfit } from './planning/supergraphSwap.ts';
import { warmUp } from './planning/warmUp.ts';
import { observedAdmission } from './telemetry/observedAdmission.ts';
import { withObservedFetch } from './telemetry/observedFetch.ts';
import { createObserveHttp } from './telemetry/observeHttp.ts';
import { startTelemetry } from './telemetry/telemetry.ts';
import { createApolloServer } from './transport/apolloServer.ts';
import { DocumentsInHand } from './transport/documentsInHand.ts';
import { createGraphqlHandler } from './transport/graphqlOverHttp.ts';
import { createHttpServer, graphqlPath, type Route } from './transport/httpServer.ts';
import { createLiveResponses } from './transport/liveResponses.ts';
import { createLoadShedding, withShedding } from './transport/loadShedding.ts';
import { createIsFromProxy, createPeerAddress } from './transport/peerAddress.ts';
import { createReadiness, type DependencyCheck } from './transport/readiness.ts';
import { acceptSockets } from './transport/subscriptions.ts';

export type GatewayOptions = {
  readonly config: GatewayConfig;
  readonly supergraphSdl: string;
  /** By name, lower case, as in the supergraph. */
  readonly subgraphs: Readonly<Record<string, Subgraph>>;
  readonly log: Log;
  /** Who a caller is, where no subgraph named `auth` of ours says so. */
  readonly authenticate?: Authenticate;
  /** Where auth tells of ended sessions and revoked keys; without it they last until their tokens or caches expire. */
  readonly pubsub?: PubSub;
  /** The documents of a client that is trusted: see readManifest. */
  readonly trustedDocuments?: string;
  /** Of the services in this process, where there are any: shown among the metrics. */
  readonly backlog?: Backlog;
  readonly routes?: readonly Route[];
  /** Are the engines behind it there? */
  readonly ready?: DependencyCheck;
};
export type Gateway = {
  /** Of the GraphQL endpoint, e.g. `http://127.0.0.1:4000/graphql`. */
  readonly url: string;
  /** Stops accepting, lets what is under way finish (within `drainMs`), closes every socket. */
  close(): Promise<void>;
  /** Swaps the supergraph. Rejects, and keeps the one in use, if the new one is unfit. */
  loadSupergraph(sdl: string): Promise<void>;
  /** Swaps the trusted documents. Rejects, and keeps those in use, if the manifest is not sound. */
  loadTrustedDocuments(manifest: string): Promise<void>;
};

/** Starts the gateway. A request meets its parts in the order they are listed here. */
export const startGateway = async (options: GatewayOptions): Promise<Gateway> => {
  const { config, log, subgraphs, supergraphSdl, pubsub, routes = [] } = options;
  const { limits, introspection } = config;
  const mask = createMask(log);
  let draining = false;
  const trusted = createTrustedDocuments(readManifest(options.trustedDocuments ?? '{}'));
  const telemetry = await startTelemetry(config, trusted, log);
  const { metrics, observe } = telemetry;
  const callSubgraph = createCallSubgraph(subgraphs, limits.subgraphDeadlineMs, log, {
    ...limits.calls,
    observe: withObservedFetch(metrics),
  });
  const revocations = await listenForRevocations(pubsub);
  const authenticate =
    options.authenticate ??
    createAuthenticate(createSigningKeys(callSubgraph, log), createApiKeys(callSubgraph), revocations);
  const persistedDocuments = createPersistedDocuments({
    callSubgraph,
    trusted,
    isPublisher: options.authenticate === undefined,
    onlyPublished: config.persistedOnly,
  });
  const caching = openCaching(config.limits.cache, log, metrics);
  const shared = limits.calls.deduplicate ? createSharedRuns() : runAdmitted;
  const run = caching === null ? shared : createCachedRuns(shared, caching);
  const gateway = new CompilingGateway(supergraphSdl, {
    callSubgraph,
    limits: limits.operation,
    introspection,
    documents: limits.documents,
    run,
    metrics,
    log,
  });
  const inHand = new DocumentsInHand();
  const apollo = createApolloServer(gateway, config, mask, log, inHand);
  await apollo.start();
  warnOfMissingSubgraphs(gateway, subgraphs, log);
  await warmUp(gateway.engine, trusted.bodies());
  warnOfUnfit(trusted, gateway.engine, log);
  const swap = createSupergraphSwap({ gateway, sdl: supergraphSdl, documents: trusted, metrics, log });

  const ready = createReadiness(
    options.ready ?? (async () => ({ ok: true, detail: 'ready' })),
    () => draining,
    swap.state,
  );

  const shedding = createLoadShedding(limits.latenessMs, metrics);
  const rateLimits = await createRateLimits(limits.rates, log);
  const admission = createAdmission({ gateway, persistedDocuments, limits: limits.operation, rateLimits, log });
  const streams = createLiveStreams({ subgraphs, log, share: limits.calls.deduplicate ?? false });
  const readLive = createReadLive(streams, rateLimits);
  const live = createLiveResponses({ readLive, run, mask, limits });
  const graphql = createGraphqlHandler({
    inHand,
    apollo,
    admission: observedAdmission(admission),
    authenticate,
    revocations,
    live,
    mask,
    bodyBytes: limits.bodyBytes,
    peerAddress: createPeerAddress(config.trustedProxies),
    observe: createObserveHttp(observe, createIsFromProxy(config.trustedProxies)),
    forwardHeaders: config.forwardHeaders,
  });
  const http = createHttpServer(config, { graphql, routes, ready, mask, metrics, shedding });
  const sockets = acceptSockets(http, {
    config,
    admission: observedAdmission(withShedding(admission, shedding)),
    shedding,
    observe,
    authenticate,
    revocations,
    readLive,
    run,
    mask,
    log,
  });
  metrics?.onRead(() => {
    metrics.sockets.set(sockets.open());
    metrics.liveStreams.set(streams.open);
    metrics.events.reset();
    for (const waiting of options.backlog?.read() ?? [])
      metrics.events.set(backlogLabels(waiting), waiting.oldestSeconds);
  });
  http.listen(config.port, config.host);
  await once(http, 'listening');
  const { port } = http.address() as AddressInfo;
  const url = `http://${config.host.includes(':') ? `[${config.host}]` : config.host}:${port}${graphqlPath}`;
  log.info({ url, subgraphs: Object.keys(subgraphs) }, 'gateway listening');

  return {
    url,
    loadSupergraph: async (sdl) => {
      await swap.load(sdl);
      await streams.changeTo(gateway.engine);
    },
    loadTrustedDocuments: async (manifest) => {
      const read = readManifest(manifest);
      await warmUp(gateway.engine, read.values());
      trusted.replace(read);
      log.info({ documents: read.size }, 'new trusted documents are known');
      warnOfUnfit(trusted, gateway.engine, log);
    },
    close: async () => {
      if (draining) return;
      draining = true;
      await delay(limits.unreadyMs);
      // Half of the time is for the last ones to go.
      const wavesMs = limits.drainMs / 2;
      const httpClosed = once(http, 'close');
      http.close();
      const idle = setInterval(() => http.closeIdleConnections(), 50);
      const socketsClosed = Promise.all([sockets.close(wavesMs), live.close(wavesMs)]);
      const forced = setTimeout(() => {
        sockets.terminate();
        http.closeAllConnections();
      }, limits.drainMs);
      await Promise.all([httpClosed, socketsClosed]);
      clearTimeout(forced);
      clearInterval(idle);
      await revocations.close();
      shedding.close();
      rateLimits.close();
      caching?.store.close();
      await apollo.stop();
      await telemetry.close();
    },
  };
};

const warnOfMissingSubgraphs = (
  { engine }: CompilingGateway,
  subgraphs: GatewayOptions['subgraphs'],
  log: Log,
): void => {
  const missing = engine.loaded.subgraphNames.filter((name) => !Object.hasOwn(subgraphs, name));
  if (missing.length > 0) log.warn({ missing }, 'the supergraph names subgraphs this gateway was not given');
};
