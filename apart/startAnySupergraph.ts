import { readFile } from 'node:fs/promises';
import { anonymous } from '@parley/gateway/access/authenticate';
import { authenticateIssued } from '@parley/gateway/access/issuedTokens';
import { readManifest } from '@parley/gateway/admission/trustedDocuments';
import { gatewayConfig } from '@parley/gateway/config';
import { readSubgraphUrls } from '@parley/gateway/planning/supergraph';
import { watchFile } from '@parley/gateway/planning/watchedFile';
import { startGateway } from '@parley/gateway/server';
import { ConfigError } from '@parley/kernel/config';
import { httpSubgraph } from '@parley/kernel/httpSubgraph';
import type { Log } from '@parley/kernel/log';
import type { Subgraph } from '@parley/kernel/subgraph';
import type { PlatformConfig } from '../config.ts';
import { subgraphUrl, tokenIssuer, trustedDocumentsFile } from './config.ts';
import type { RunningService } from './startSubgraph.ts';

/**
 * A gateway for any supergraph: its subgraphs are called unsigned, over GraphQL over HTTP and graphql-ws. Without a token
 * issuer everybody is nobody to it; who they are, the subgraphs read from the headers it passes on. @throws ConfigError
 */
export const startAnySupergraph = async (
  file: string,
  config: PlatformConfig,
  environment: Readonly<Record<string, string | undefined>>,
  log: Log,
): Promise<RunningService> => {
  const settings = gatewayConfig(environment);
  const issuer = tokenIssuer(environment);
  const manifest = await readTrusted(trustedDocumentsFile(environment));
  const supergraphSdl = await readFile(file, 'utf8').catch((error: Error) => {
    throw new ConfigError(`SUPERGRAPH ${file} cannot be read: ${(error as NodeJS.ErrnoException).code}`);
  });
  const opened: ReturnType<typeof httpSubgraph>[] = [];
  const urls = new Map<string, string>();
  const subgraphs: Record<string, Subgraph> = {};
  const connect = ({ name, url }: { name: string; url: string }): void => {
    if (urls.get(name) === url) return;
    const subgraph = httpSubgraph({ name, url, secrets: null, answerBytes: settings.limits.subgraphAnswerBytes });
    opened.push(subgraph);
    urls.set(name, url);
    subgraphs[name] = subgraph;
  };
  const placesIn = (sdl: string) =>
    readNamed(sdl, file).map((named) => ({ name: named.name, url: subgraphUrl(named, environment) }));
  for (const place of placesIn(supergraphSdl)) connect(place);
  const gateway = await startGateway({
    config: { ...settings, port: config.port, host: config.host },
    supergraphSdl,
    subgraphs,
    log,
    ...(manifest ? { trustedDocuments: manifest.text } : {}),
    authenticate: issuer === null ? async () => anonymous : authenticateIssued(issuer, log),
  });
  /** Where subgraphs are; of a file that is no supergraph, what the gateway says of it: readiness tells that it refused one. */
  const placesOrRefusal = async (sdl: string): Promise<ReturnType<typeof placesIn>> => {
    try {
      return placesIn(sdl);
    } catch (error) {
      await gateway.loadSupergraph(sdl);
      throw error;
    }
  };
  const takeOver = async (sdl: string): Promise<void> => {
    const places = await placesOrRefusal(sdl);
    for (const place of places) if (!urls.has(place.name)) connect(place);
    await gateway.loadSupergraph(sdl);
    for (const place of places) connect(place);
  };
  const watched = [watchFile(file, supergraphSdl, takeOver, log)];
  if (manifest) watched.push(watchFile(manifest.file, manifest.text, gateway.loadTrustedDocuments, log));
  return {
    url: new URL(gateway.url).origin,
    reload: async () => {
      for (const one of watched) await one.check();
    },
    stop: async () => {
      for (const one of watched) one.close();
      await gateway.close();
      await Promise.all(opened.map((subgraph) => subgraph.close()));
    },
  };
};

const readTrusted = async (file: string | null): Promise<{ readonly file: string; readonly text: string } | null> => {
  if (file === null) return null;
  try {
    const text = await readFile(file, 'utf8');
    readManifest(text);
    return { file, text };
  } catch (error) {
    throw new ConfigError(`GATEWAY_TRUSTED_DOCUMENTS ${file} cannot be used: ${(error as Error).message}`);
  }
};

const readNamed = (sdl: string, file: string) => {
  try {
    return readSubgraphUrls(sdl);
  } catch (error) {
    throw new ConfigError(`SUPERGRAPH ${file} is no supergraph: ${(error as Error).message.split('\n')[0]}`);
  }
};
