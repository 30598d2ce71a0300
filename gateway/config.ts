import { ConfigError, integer, readConfig } from '@parley/kernel/config';
import { z } from 'zod';
import { defaultOperationLimits, type OperationLimits } from './admission/limits.ts';
import type { RateLimitSettings } from './admission/rateLimits.ts';
import type { CacheConfig } from './caching/openCaching.ts';
import type { CallPolicies } from './calls/subgraphRequest.ts';
import type { MetricsAddress } from './telemetry/metricsServer.ts';
import type { TracingConfig } from './telemetry/tracing.ts';
import { mayBeForwarded } from './transport/forwardedHeaders.ts';
import { isAddressBlock } from './transport/peerAddress.ts';

export type GatewayConfig = {
  readonly port: number;
  readonly host: string;
  readonly production: boolean;
  readonly introspection: boolean;
  /** Whether published documents alone run, for every caller. */
  readonly persistedOnly: boolean;
  /** Origins of other sites whose pages may call us, e.g. `https://console.example.com`. */
  readonly allowedOrigins: readonly string[];
  /** Addresses and CIDR blocks of proxies whose X-Forwarded-For is believed. */
  readonly trustedProxies: readonly string[];
  /** Names, lower case, of client headers that subgraphs which are not ours get to see. */
  readonly forwardHeaders: readonly string[];
  /** Where metrics are served; null: beside GraphQL in development, nowhere in production. */
  readonly metrics: MetricsAddress | null;
  /** null: nothing is traced. */
  readonly tracing: TracingConfig | null;
  readonly limits: GatewayLimits;
};

/** Times in milliseconds, sizes in bytes. */
export type GatewayLimits = {
  readonly bodyBytes: number;
  readonly operation: OperationLimits;
  readonly rates: RateLimitSettings;
  /** Where answers with @cacheControl are kept; null: nowhere. */
  readonly cache: CacheConfig | null;
  readonly subgraphDeadlineMs: number;
  readonly subgraphAnswerBytes: number;
  readonly calls: CallPolicies;
  readonly headersTimeoutMs: number;
  readonly requestTimeoutMs: number;
  /** How long close() waits for what is in flight. */
  readonly drainMs: number;
  /** Documents kept parsed, validated and planned. */
  readonly documents: number;
  readonly subscriptionsPerSocket: number;
  /** What may wait for a slow reader before its socket is closed. */
  readonly socketQueueBytes: number;
  readonly initTimeoutMs: number;
  readonly keepAliveMs: number;
  /** Open at once, WebSockets among them. */
  readonly connections: number;
  /** How late the event loop may be before new work is turned away. */
  readonly latenessMs: number;
  /** How long close() goes on accepting while readiness already says no. */
  readonly unreadyMs: number;
};

const flag = z.enum(['true', 'false', '1', '0']).transform((value) => value === 'true' || value === '1');
const positive = (fallback: number) => z.coerce.number().int().positive().default(fallback);
/** A timer that is set for longer than 2^31 ms fires at once. */
const milliseconds = (fallback: number) => z.coerce.number().int().positive().max(86_400_000).default(fallback);

const environment = z.object({
  NODE_ENV: z.string().optional(),
  PORT: integer(0, 65_535).default(4000),
  HOST: z.string().min(1).default('127.0.0.1'),
  GATEWAY_INTROSPECTION: flag.optional(),
  GATEWAY_PERSISTED_ONLY: flag.default(false),
  GATEWAY_ALLOWED_ORIGINS: z.string().default('').transform(toOrigins),
  GATEWAY_TRUSTED_PROXIES: z.string().default('').transform(toAddressBlocks),
  GATEWAY_FORWARD_HEADERS: z.string().default('').transform(toHeaderNames),
  GATEWAY_METRICS_PORT: integer(0, 65_535).optional(),
  GATEWAY_METRICS_HOST: z.string().default('127.0.0.1'),
  OTEL_EXPORTER_OTLP_ENDPOINT: z.url({ protocol: /^https?$/ }).optional(),
  OTEL_EXPORTER_OTLP_HEADERS: z.string().transform(toHeaders).optional(),
  OTEL_SERVICE_NAME: z.string().optional(),
  OTEL_TRACES_SAMPLER_ARG: z.coerce.number().min(0).max(1).optional(),
  GATEWAY_BODY_BYTES: positive(512 * 1024),
  GATEWAY_MAX_COST: positive(defaultOperationLimits.cost),
  GATEWAY_MAX_PAGE: positive(defaultOperationLimits.pageSize),
  GATEWAY_ASSUMED_LIST_SIZE: positive(defaultOperationLimits.assumedListSize),
  GATEWAY_RATE_LIMIT_POINTS: integer(0, 1e9).default(100_000),
  GATEWAY_RATE_LIMIT_ORGANIZATION_POINTS: positive(1_000_000),
  GATEWAY_RATE_LIMIT_SECONDS: integer(1, 3600).default(10),
  GATEWAY_SENSITIVE_PER_MINUTE: positive(60),
  REDIS_URL: z.url({ protocol: /^rediss?$/ }).optional(),
  GATEWAY_SUBGRAPH_DEADLINE_MS: milliseconds(10_000),
  GATEWAY_SUBGRAPH_ANSWER_BYTES: positive(16 * 1024 * 1024),
  GATEWAY_SUBGRAPH_CONCURRENCY: positive(256),
  GATEWAY_SUBGRAPH_TENANT_CONCURRENCY: positive(64),
  GATEWAY_DEDUPLICATE: flag.default(true),
  GATEWAY_CACHE: flag.default(true),
  GATEWAY_CACHE_BYTES: positive(64 * 1024 * 1024),
  GATEWAY_REQUEST_TIMEOUT_MS: milliseconds(30_000),
  GATEWAY_CONNECTIONS: positive(10_000),
  GATEWAY_LATENESS_MS: milliseconds(200),
  GATEWAY_UNREADY_MS: integer(0, 60_000).optional(),
  GATEWAY_DRAIN_MS: milliseconds(10_000),
  GATEWAY_SUBSCRIPTIONS_PER_SOCKET: positive(50),
  GATEWAY_SOCKET_QUEUE_BYTES: positive(1024 * 1024),
});

/** The gateway's settings. @throws ConfigError */
export const gatewayConfig = (env: Readonly<Record<string, string | undefined>> = process.env): GatewayConfig => {
  const values = readConfig(environment, env);
  const production = values.NODE_ENV === 'production';
  return {
    port: values.PORT,
    host: values.HOST,
    production,
    introspection: values.GATEWAY_INTROSPECTION ?? !production,
    persistedOnly: values.GATEWAY_PERSISTED_ONLY,
    allowedOrigins: values.GATEWAY_ALLOWED_ORIGINS,
    trustedProxies: values.GATEWAY_TRUSTED_PROXIES,
    forwardHeaders: values.GATEWAY_FORWARD_HEADERS,
    metrics:
      values.GATEWAY_METRICS_PORT === undefined
        ? null
        : { host: values.GATEWAY_METRICS_HOST, port: values.GATEWAY_METRICS_PORT },
    tracing: toTracing(values),
    limits: {
      bodyBytes: values.GATEWAY_BODY_BYTES,
      operation: {
        ...defaultOperationLimits,
        cost: values.GATEWAY_MAX_COST,
        pageSize: values.GATEWAY_MAX_PAGE,
        assumedListSize: values.GATEWAY_ASSUMED_LIST_SIZE,
      },
      rates: {
        points: values.GATEWAY_RATE_LIMIT_POINTS,
        organizationPoints: values.GATEWAY_RATE_LIMIT_ORGANIZATION_POINTS,
        windowSeconds: values.GATEWAY_RATE_LIMIT_SECONDS,
        sensitivePerMinute: values.GATEWAY_SENSITIVE_PER_MINUTE,
        redisUrl: values.REDIS_URL ?? null,
      },
      cache: values.GATEWAY_CACHE
        ? { redisUrl: values.REDIS_URL ?? null, memoryBytes: values.GATEWAY_CACHE_BYTES }
        : null,
      subgraphDeadlineMs: values.GATEWAY_SUBGRAPH_DEADLINE_MS,
      subgraphAnswerBytes: values.GATEWAY_SUBGRAPH_ANSWER_BYTES,
      calls: {
        deduplicate: values.GATEWAY_DEDUPLICATE,
        bulkhead: {
          concurrency: values.GATEWAY_SUBGRAPH_CONCURRENCY,
          perTenant: values.GATEWAY_SUBGRAPH_TENANT_CONCURRENCY,
          waiting: 1000,
        },
        circuitBreaker: true,
        retry: true,
      },
      headersTimeoutMs: 10_000,
      requestTimeoutMs: values.GATEWAY_REQUEST_TIMEOUT_MS,
      drainMs: values.GATEWAY_DRAIN_MS,
      documents: 1000,
      subscriptionsPerSocket: values.GATEWAY_SUBSCRIPTIONS_PER_SOCKET,
      socketQueueBytes: values.GATEWAY_SOCKET_QUEUE_BYTES,
      initTimeoutMs: 3000,
      keepAliveMs: 12_000,
      connections: values.GATEWAY_CONNECTIONS,
      latenessMs: values.GATEWAY_LATENESS_MS,
      unreadyMs: values.GATEWAY_UNREADY_MS ?? (production ? 2000 : 0),
    },
  };
};

const toTracing = (values: z.output<typeof environment>): TracingConfig | null => {
  const { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint } = values;
  for (const name of ['OTEL_EXPORTER_OTLP_HEADERS', 'OTEL_SERVICE_NAME', 'OTEL_TRACES_SAMPLER_ARG'] as const)
    if (endpoint === undefined && values[name] !== undefined)
      throw new ConfigError(`OTEL_EXPORTER_OTLP_ENDPOINT is missing: ${name} is set and is of no use without it`);
  if (endpoint === undefined) return null;
  return {
    endpoint,
    headers: values.OTEL_EXPORTER_OTLP_HEADERS ?? {},
    serviceName: values.OTEL_SERVICE_NAME ?? 'parley-gateway',
    ratio: values.OTEL_TRACES_SAMPLER_ARG ?? 1,
  };
};

/** As OpenTelemetry writes them: `name=value,name=value`, values percent-encoded. */
function toHeaders(text: string, context: z.RefinementCtx): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const item of toList(text)) {
    const [, name, value] = /^([!#$%&'*+.^_`|~\w-]+)=(.+)$/.exec(item) ?? [];
    if (name === undefined || value === undefined)
      // Not echoed: it may be a secret.
      context.addIssue({ code: 'custom', message: 'expected name=value, separated by commas' });
    else headers[name] = decodeURIComponent(value);
  }
  return headers;
}

function toOrigins(text: string, context: z.RefinementCtx): string[] {
  const origins = toList(text);
  for (const origin of origins)
    if (!URL.canParse(origin) || new URL(origin).origin !== origin)
      context.addIssue({ code: 'custom', message: `"${origin}" is not an origin such as https://example.com` });
  return origins;
}

function toAddressBlocks(text: string, context: z.RefinementCtx): string[] {
  const blocks = toList(text);
  for (const block of blocks)
    if (!isAddressBlock(block))
      context.addIssue({ code: 'custom', message: `"${block}" is not an address or block such as 10.0.0.0/8` });
  return blocks;
}

const toList = (text: string): string[] =>
  text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');

function toHeaderNames(text: string, context: z.RefinementCtx): string[] {
  const names = text
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== '');
  for (const name of names)
    if (!mayBeForwarded(name))
      context.addIssue({ code: 'custom', message: `"${name}" is no header that can be passed on` });
  return names;
}

/** Apollo's libraries report to their vendor unless told not to, and only their environment can tell them. */
export const silenceVendorReports = (): void => {
  process.env['APOLLO_TELEMETRY_DISABLED'] = 'true';
};
