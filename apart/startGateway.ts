import { gatewayConfig } from '@parley/gateway/config';
import { watchFile } from '@parley/gateway/planning/watchedFile';
import { startGateway } from '@parley/gateway/server';
import { forwardTo } from '@parley/gateway/transport/forwardTo';
import { httpSubgraph } from '@parley/kernel/httpSubgraph';
import type { Log } from '@parley/kernel/log';
import { memoryPubSub } from '@parley/kernel/memoryPubSub';
import { redisPubSub } from '@parley/kernel/redisPubSub';
import { audioOrigin } from '@parley/voice/config';
import type { PlatformConfig } from '../config.ts';
import { consolePages } from '../consolePages.ts';
import { readSchemas, supergraphFile, trustedDocumentsFile } from '../schemas.ts';
import { sendKeys } from '../signingKeysRoute.ts';
import type { ApartConfig } from './config.ts';
import type { RunningService } from './startSubgraph.ts';

/** The gateway by itself: the platform's supergraph, its subgraphs called over signed HTTP. @throws ConfigError */
export const startGatewayApart = async (
  config: PlatformConfig,
  { urls, secrets }: ApartConfig,
  environment: Readonly<Record<string, string | undefined>>,
  log: Log,
): Promise<RunningService> => {
  const settings = gatewayConfig(environment);
  const { supergraphSdl, trustedDocuments } = await readSchemas();
  const subgraphs = [...urls].map(([name, url]) =>
    httpSubgraph({ name, url, secrets, answerBytes: settings.limits.subgraphAnswerBytes }),
  );
  const byName = Object.fromEntries(subgraphs.map((subgraph) => [subgraph.name, subgraph]));
  const pubsub = config.redisUrl === null ? memoryPubSub() : redisPubSub(config.redisUrl, log);
  if (config.redisUrl === null)
    log.warn('without REDIS_URL the gateway does not hear of ended sessions: their tokens last until they expire');
  const audio = forwardTo(urls.get('voice') ?? '');
  const auth = byName['auth'];
  const gateway = await startGateway({
    config: { ...settings, port: config.port, host: config.host },
    supergraphSdl,
    subgraphs: byName,
    log,
    pubsub,
    trustedDocuments,
    routes: [
      { prefix: '/audio', handle: audio.handle },
      ...(auth
        ? [
            {
              prefix: '/.well-known/jwks.json',
              handle: (...[request, response]: Parameters<typeof audio.handle>) => sendKeys(auth, request, response),
            },
          ]
        : []),
      { prefix: '/', handle: consolePages(audioOrigin(environment)) },
    ],
  });
  const watched = [
    watchFile(supergraphFile, supergraphSdl, gateway.loadSupergraph, log),
    watchFile(trustedDocumentsFile, trustedDocuments, gateway.loadTrustedDocuments, log),
  ];
  return {
    url: config.publicUrl ?? new URL(gateway.url).origin,
    reload: async () => {
      for (const file of watched) await file.check();
    },
    stop: async () => {
      for (const file of watched) file.close();
      await gateway.close();
      await Promise.all([...subgraphs, audio, pubsub].map((part) => part.close()));
    },
  };
};
