import { parse } from 'graphql';
import type { GatewayConfig } from './config.ts';
import type { Log } from './log.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { serveMetrics } from './metricsServer.ts';
import { createObserve, type Observe } from './observe.ts';
import { createTracing } from './tracing.ts';

/** All that watches the gateway at work. `metrics` is null where nobody could read them. */
export type Telemetry = {
  readonly metrics: Metrics | null;
  readonly observe: Observe;
  close(): Promise<void>;
};

/** `trustedDocuments`: sha256 hex → body. @throws ConfigError */
export const startTelemetry = async (
  config: GatewayConfig,
  trustedDocuments: Readonly<Record<string, string>>,
  log: Log,
): Promise<Telemetry> => {
  const metrics = config.metrics === null && config.production ? null : createMetrics();
  const server = metrics === null || config.metrics === null ? null : await serveMetrics(config.metrics, metrics.read);
  const tracing = config.tracing === null ? null : createTracing(config.tracing, log);
  return {
    metrics,
    observe: createObserve({
      log,
      level: config.production ? 'info' : 'debug',
      metrics,
      tracing,
      trustedNames: namesOf(trustedDocuments),
    }),
    close: async () => {
      server?.close();
      server?.closeAllConnections();
      await tracing?.close();
    },
  };
};

const namesOf = (documents: Readonly<Record<string, string>>): Map<string, string> => {
  const names = new Map<string, string>();
  for (const [hash, body] of Object.entries(documents)) {
    const [only, ...others] = parse(body, { noLocation: true }).definitions.flatMap((definition) =>
      definition.kind === 'OperationDefinition' ? [definition.name?.value] : [],
    );
    if (only !== undefined && others.length === 0) names.set(hash.replace(/^sha256:/, ''), only);
  }
  return names;
};
