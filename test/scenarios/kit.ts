import { readFile, writeFile } from 'node:fs/promises';
import { parseEnv } from 'node:util';
import { composeServices } from '@apollo/composition';
import { parse } from 'graphql';
import { startPlainSubgraph } from '../testkit/plainSubgraph.ts';
import { temporaryFolder } from '../testkit/platform.ts';
import { freePort, type PlatformProcess, startPlatformProcess } from '../testkit/platformProcess.ts';

/** A subgraph of a scenario: its schema without the federation link, and what it answers. */
export type TinySubgraph = { readonly typeDefs: string; readonly resolvers: object };
export type Scenario = PlatformProcess & {
  /** Where the supergraph is read from: writing there is deploying. */
  readonly supergraphFile: string;
  readonly folder: string;
  readonly subgraphs: Readonly<Record<string, Awaited<ReturnType<typeof serve>>>>;
  /** Ends gateway and subgraphs. */
  end(): Promise<void>;
};

const link = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@requires", "@external",
  "@shareable", "@authenticated", "@requiresScopes", "@policy", "@cost", "@listSize"])\n`;

export const supergraphOf = (
  subgraphs: Readonly<Record<string, Pick<TinySubgraph, 'typeDefs'>>>,
  urls: Readonly<Record<string, string>>,
): string => {
  const { supergraphSdl, errors } = composeServices(
    Object.entries(subgraphs).map(([name, { typeDefs }]) => ({
      name,
      url: urls[name] ?? '',
      typeDefs: parse(link + typeDefs),
    })),
  );
  if (!supergraphSdl) throw new Error(errors?.map(({ message }) => message).join('\n'));
  return supergraphSdl;
};

/** One that can be stopped and started again at the same address. */
const serve = async ({ typeDefs, resolvers }: TinySubgraph) => {
  let running = await startPlainSubgraph(link + typeDefs, resolvers);
  const { url } = running;
  return {
    url,
    get heard() {
      return running.heard;
    },
    stop: () => running.stop(),
    start: async () => {
      running = await startPlainSubgraph(link + typeDefs, resolvers, Number(new URL(url).port));
    },
  };
};

/** @param here `import.meta.url` of the scenario's test, beside its gateway.env */
export const startScenario = async (
  here: string,
  subgraphs: Readonly<Record<string, TinySubgraph>>,
  environment: Record<string, string> = {},
): Promise<Scenario> => {
  const configured = parseEnv(await readFile(new URL('gateway.env', here), 'utf8'));
  const folder = await temporaryFolder();
  const served: Record<string, Awaited<ReturnType<typeof serve>>> = {};
  for (const [name, subgraph] of Object.entries(subgraphs)) served[name] = await serve(subgraph);
  const urls = Object.fromEntries(Object.entries(served).map(([name, { url }]) => [name, url]));
  const supergraphFile = `${folder.path}/supergraph.graphql`;
  await writeFile(supergraphFile, supergraphOf(subgraphs, urls));
  const stopAll = async (): Promise<void> => {
    await Promise.all(Object.values(served).map(({ stop }) => stop()));
    await folder.remove();
  };
  try {
    const gateway = await startPlatformProcess(
      { PORT: await freePort(), ...(configured as Record<string, string>), ...environment },
      ['gateway', '--supergraph', supergraphFile],
    );
    const end = async (): Promise<void> => {
      await gateway.stop();
      await stopAll();
    };
    return { ...gateway, supergraphFile, folder: folder.path, subgraphs: served, end };
  } catch (error) {
    await stopAll();
    throw error;
  }
};
