import { readFile } from 'node:fs/promises';
import { anonymous } from '@parley/gateway/authenticate';
import { gatewayConfig } from '@parley/gateway/config';
import { startGateway } from '@parley/gateway/server';
import { readSubgraphUrls } from '@parley/gateway/supergraph';
import { ConfigError } from '@parley/kernel/config';
import { httpSubgraph } from '@parley/kernel/httpSubgraph';
import type { Log } from '@parley/kernel/log';
import type { PlatformConfig } from '../config.ts';
import { subgraphUrl } from './config.ts';
import type { RunningService } from './startSubgraph.ts';

/**
 * A gateway for any supergraph: its subgraphs are called unsigned, over GraphQL over HTTP and graphql-ws. Everybody is
 * nobody to it; who they are, the subgraphs read from the headers it passes on. @throws ConfigError
 */
export const startAnySupergraph = async (
  file: string,
  config: PlatformConfig,
  environment: Readonly<Record<string, string | undefined>>,
  log: Log,
): Promise<RunningService> => {
  const settings = gatewayConfig(environment);
  const supergraphSdl = await readFile(file, 'utf8').catch((error: Error) => {
    throw new ConfigError(`SUPERGRAPH ${file} cannot be read: ${(error as NodeJS.ErrnoException).code}`);
  });
  const subgraphs = readNamed(supergraphSdl, file).map((named) =>
    httpSubgraph({
      name: named.name,
      url: subgraphUrl(named, environment),
      secrets: null,
      answerBytes: settings.limits.subgraphAnswerBytes,
    }),
  );
  const gateway = await startGateway({
    config: { ...settings, port: config.port, host: config.host },
    supergraphSdl,
    subgraphs: Object.fromEntries(subgraphs.map((subgraph) => [subgraph.name, subgraph])),
    log,
    authenticate: async () => anonymous,
  });
  return {
    url: new URL(gateway.url).origin,
    stop: async () => {
      await gateway.close();
      await Promise.all(subgraphs.map((subgraph) => subgraph.close()));
    },
  };
};

const readNamed = (sdl: string, file: string) => {
  try {
    return readSubgraphUrls(sdl);
  } catch (error) {
    throw new ConfigError(`SUPERGRAPH ${file} is no supergraph: ${(error as Error).message.split('\n')[0]}`);
  }
};
