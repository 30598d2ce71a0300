import type { TrustedDocuments } from '../admission/trustedDocuments.ts';
import type { GatewayConfig } from '../config.ts';
import type { Log } from '../log.ts';
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

/** @throws ConfigError */
export const startTelemetry = async (
  config: GatewayConfig,
  trustedDocuments: Pick<TrustedDocuments, 'nameOf'>,
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
      trustedName: trustedDocuments.nameOf,
    }),
    close: async () => {
      server?.close();
      server?.closeAllConnections();
      await tracing?.close();
    },
  };
};
