import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { GraphQLError } from 'graphql';
import type { GatewayConfig } from '../config.ts';
import { type Mask, refusal, statusOf } from '../errors.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { sendMetrics } from '../telemetry/metricsServer.ts';
import { answerBrokenRequests } from './brokenRequests.ts';
import { answerCors } from './cors.ts';
import { createGraphiql } from './graphiql.ts';
import { type LoadShedding, sendOverloaded } from './loadShedding.ts';
import type { Readiness } from './readiness.ts';
import { pathOf, sendError, sendJson } from './responses.ts';

/** Something else served on the gateway's port: audio files, the console, keys. */
export type Route = {
  readonly prefix: string;
  handle(request: IncomingMessage, response: ServerResponse): void | Promise<void>;
};
export type GraphqlHandler = (request: IncomingMessage, response: ServerResponse, requestId: string) => Promise<void>;

export const graphqlPath = '/graphql';
const longestHeaders = 16 * 1024;
/** How often Node looks for requests past their timeout; its own 30 s would make those timeouts 30 s late. */
const connectionsCheckingInterval = 1000;

export const createHttpServer = (
  config: GatewayConfig,
  handlers: {
    graphql: GraphqlHandler;
    routes: readonly Route[];
    ready: Readiness;
    mask: Mask;
    metrics: Metrics | null;
    shedding: LoadShedding;
  },
): Server => {
  const { graphql, ready, mask, metrics, shedding } = handlers;
  const graphiql = !config.production && config.introspection ? createGraphiql() : null;
  const routes = handlers.routes.toSorted((a, b) => b.prefix.length - a.prefix.length);

  const dispatch = async (request: IncomingMessage, response: ServerResponse, requestId: string): Promise<void> => {
    if ((request.headersDistinct['host']?.length ?? 0) > 1)
      return sendError(response, refusal('BAD_REQUEST', 'A request has one Host.'), mask, { connection: 'close' });
    if (answerCors(config.allowedOrigins, request, response)) return;
    const path = pathOf(request);
    if (graphiql && (await graphiql(request, response))) return;
    if (path === graphqlPath) {
      if (request.method !== 'GET' && request.method !== 'POST')
        return sendError(response, wrongMethod(), mask, { allow: 'GET, POST' });
      if (shedding.sheds()) return sendOverloaded(response);
      return graphql(request, response, requestId);
    }
    if (path === '/health/live' || path === '/health/ready') {
      if (request.method !== 'GET' && request.method !== 'HEAD')
        return sendError(response, wrongMethod(), mask, { allow: 'GET, HEAD' });
      const health = path === '/health/live' ? { ok: true } : await ready();
      return sendJson(response, health.ok ? 200 : 503, health, { 'cache-control': 'no-store' });
    }
    if (path === '/metrics' && metrics !== null && config.metrics === null) return sendMetrics(response, metrics.read);
    const route = routes.find(
      ({ prefix }) => path === prefix || path.startsWith(prefix.endsWith('/') ? prefix : `${prefix}/`),
    );
    if (route) return route.handle(request, response);
    sendError(response, refusal('NOT_FOUND', 'Nothing is served at this path.', 404), mask);
  };

  const { headersTimeoutMs: headersTimeout, requestTimeoutMs: requestTimeout } = config.limits;
  const server = createServer(
    { headersTimeout, requestTimeout, maxHeaderSize: longestHeaders, connectionsCheckingInterval },
    (request, response) => {
      const requestId = requestIdOf(request);
      for (const [name, value] of securityHeaders(config)) response.setHeader(name, value);
      response.setHeader('x-request-id', requestId);
      if (metrics !== null)
        response.once('close', () =>
          metrics.httpRequests.inc({ route: routeOf(pathOf(request)), status: String(response.statusCode) }),
        );
      dispatch(request, response, requestId).catch((error: unknown) => {
        if (error instanceof GraphQLError && statusOf(error) < 500) return sendError(response, error, mask);
        const { message, extensions } = mask(error, { requestId });
        sendJson(response, 500, { errors: [{ message, extensions }] }, { 'cache-control': 'no-store' });
        if (!response.writableEnded) response.destroy();
      });
    },
  );
  // What is past it is refused by closing at once; those that are there stay served (A20, M13).
  server.maxConnections = config.limits.connections;
  answerBrokenRequests(server);
  return server;
};

/** As a label: few, and ours. */
const routeOf = (path: string): string => {
  if (path === graphqlPath) return 'graphql';
  return path.startsWith('/health/') ? 'health' : 'other';
};

const wrongMethod = () => refusal('METHOD_NOT_ALLOWED', 'This path does not take this method.', 405);

/** The caller's own id of the request where it is one, so that logs on both sides meet. */
const requestIdOf = ({ headers }: IncomingMessage): string => {
  const given = headers['x-request-id'];
  return typeof given === 'string' && /^[A-Za-z0-9._-]{1,100}$/.test(given) ? given : randomUUID();
};

const securityHeaders = ({ production }: GatewayConfig): readonly (readonly [string, string])[] => [
  ['x-content-type-options', 'nosniff'],
  ['x-frame-options', 'DENY'],
  // What serves pages says more.
  ['content-security-policy', "default-src 'none'; frame-ancestors 'none'"],
  ['referrer-policy', 'no-referrer'],
  ...(production ? ([['strict-transport-security', 'max-age=31536000; includeSubDomains']] as const) : []),
];
