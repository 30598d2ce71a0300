import type { Log } from '@parley/kernel/log';
import { apartConfig, supergraphFile } from './apart/config.ts';
import type { Asked } from './arguments.ts';
import type { PlatformConfig } from './config.ts';
import { readRoutingUrls } from './schemas.ts';

/** What runs, and where to go: lines of what and where. `reload` looks at once whether its files have changed. */
export type Running = {
  readonly where: readonly (readonly [string, string])[];
  reload?(): Promise<void>;
  stop(): Promise<void>;
};

/** A process that was told to end and has not done so by then ends at once. */
export const longestStopMs = 25_000;

/** Starts what was asked for, and loads no other code than that needs. @throws ConfigError */
export const start = async (
  asked: Asked,
  config: PlatformConfig,
  environment: Readonly<Record<string, string | undefined>>,
  log: Log,
): Promise<Running> => {
  const { service } = asked;
  if (service === 'everything') {
    supergraphFile(asked, environment);
    const { startPlatform } = await import('./platform.ts');
    const platform = await startPlatform(config, environment, log);
    return { ...platform, where: [...gatewayAt(platform.url), ['data', config.dataDir]] };
  }
  const file = supergraphFile(asked, environment);
  if (file !== null) {
    const { startAnySupergraph } = await import('./apart/startAnySupergraph.ts');
    const gateway = await startAnySupergraph(file, config, environment, log);
    return { ...gateway, where: gatewayAt(gateway.url).slice(1) };
  }
  const apart = apartConfig(service, config, environment, await readRoutingUrls());
  if (service === 'gateway') {
    const { startGatewayApart } = await import('./apart/startGateway.ts');
    const gateway = await startGatewayApart(config, apart, environment, log);
    return { ...gateway, where: gatewayAt(gateway.url) };
  }
  const { startSubgraph } = await import('./apart/startSubgraph.ts');
  const { url, stop } = await startSubgraph(service, config, apart, environment, log);
  return { where: [['listening', url]], stop };
};

const gatewayAt = (url: string): [string, string][] => [
  ['console', `${url}/`],
  ['GraphQL', `${url}/graphql   (HTTP and WebSocket)`],
  ['health', `${url}/health/ready`],
];
