import { defineConfig } from '@graphql-hive/gateway';
import { unifiedGraphHandler } from '@graphql-hive/router-runtime';

const deduplicate = process.env.BENCH_DEDUPLICATE === 'true';

export const gatewayConfig = defineConfig({
  unifiedGraphHandler,
  inboundInflightRequestDeduplication: deduplicate,
  // On unless said otherwise: with it, equal calls of one subgraph at one time are one.
  transportEntries: { '*.http': { options: { deduplicateInflightRequests: deduplicate } } },
});
