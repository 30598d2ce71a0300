import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { leavingHeader } from './callFailure.ts';
import { type CallSecrets, createCallVerifier } from './callProof.ts';
import type { Log } from './log.ts';
import { createNonceMemory } from './nonceMemory.ts';
import { answerProven, type ProvenHandler } from './provenRequest.ts';
import type { Subgraph, SubgraphRequest } from './subgraph.ts';
import { acceptSubgraphSockets } from './subgraphSockets.ts';

/** Where a service listens: a Unix socket, or a port of a host. */
export type ListenAddress = { readonly socketPath: string } | { readonly host: string; readonly port: number };
export type ServedSubgraph = { readonly url: string; close(): Promise<void> };

export type ServeOptions = {
  readonly subgraph: Subgraph;
  readonly listen: ListenAddress;
  readonly secrets: CallSecrets;
  readonly log: Log;
  /** Other paths whose calls are signed too. */
  readonly handlers?: Readonly<Record<string, ProvenHandler>>;
  /** Paths, by how they begin, that check for themselves who may. */
  readonly open?: Readonly<Record<string, (request: IncomingMessage, response: ServerResponse) => Promise<void>>>;
  /** Can it do its work? For whoever sends it requests; being alive never depends on it (M11). */
  readonly ready?: () => Promise<boolean>;
  readonly bodyBytes?: number;
  /** How long close() goes on as before while readiness already says no. */
  readonly unreadyMs?: number;
  /** How long it then sends those away who still come over connections they have. */
  readonly leaveMs?: number;
  /** How long what is under way may take after that. */
  readonly drainMs?: number;
};

const graphqlPath = '/graphql';
const leaving = { [leavingHeader]: '1', connection: 'close', 'content-length': 0 };

/**
 * Serves a subgraph to our other services: signed POSTs at `/graphql`, signed graphql-transport-ws at the same path,
 * `/health/live` and `/health/ready` for whoever watches the process. Nothing unproven is parsed. close() is unready first,
 * then sends callers elsewhere, and ends when what was under way is done (M02).
 */
export const serveSubgraph = async (options: ServeOptions): Promise<ServedSubgraph> => {
  const {
    subgraph,
    listen,
    secrets,
    log,
    open = {},
    ready = async () => true,
    bodyBytes = 8 * 1024 * 1024,
    unreadyMs = 0,
    leaveMs = 300,
    drainMs = 5000,
  } = options;
  let phase: 'serving' | 'unready' | 'leaving' = 'serving';
  const verify = createCallVerifier(secrets, subgraph.name, createNonceMemory());
  const handlers: Readonly<Record<string, ProvenHandler>> = {
    ...options.handlers,
    [graphqlPath]: (body, { actor, requestId }, signal) => {
      // Signed by one of ours, so it is what ours send.
      const operation = body as Pick<SubgraphRequest, 'query' | 'operationName' | 'variables'>;
      return subgraph.execute({ ...operation, actor, requestId, signal });
    },
  };

  const dispatch = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const path = request.url ?? '/';
    if (path === '/health/live') return void response.writeHead(204).end();
    if (path === '/health/ready')
      return void response.writeHead(phase === 'serving' && (await ready()) ? 204 : 503).end();
    if (phase === 'leaving') return void response.writeHead(503, leaving).end();
    const handle = Object.hasOwn(handlers, path) ? handlers[path] : undefined;
    if (handle) return answerProven({ verify, bodyBytes, log }, request, response, path, handle);
    const opened = Object.keys(open).find((prefix) => path.startsWith(prefix));
    if (opened !== undefined) return open[opened]?.(request, response);
    response.writeHead(404, { 'content-length': 0 }).end();
  };
  const http = createServer(
    { keepAliveTimeout: 65_000, headersTimeout: 10_000, requestTimeout: 30_000, maxHeaderSize: 16 * 1024 },
    (request, response) => {
      dispatch(request, response).catch((err: unknown) => {
        // A caller that left while its body was read is nobody's fault.
        if (!request.destroyed || request.complete) log.error({ err }, 'a request could not be answered');
        if (!response.headersSent) response.writeHead(500, { 'content-length': 0 }).end();
        else response.destroy();
      });
    },
  );
  const sockets = acceptSubgraphSockets(http, { subgraph, path: graphqlPath, verify, log });
  if ('socketPath' in listen) {
    await removeStale(listen.socketPath);
    http.listen(listen.socketPath);
  } else http.listen(listen.port, listen.host);
  await once(http, 'listening');
  const url =
    'socketPath' in listen
      ? `unix:${listen.socketPath}`
      : `http://${listen.host.includes(':') ? `[${listen.host}]` : listen.host}:${(http.address() as AddressInfo).port}`;
  log.info({ url, subgraph: subgraph.name }, 'subgraph listening');
  return {
    url,
    close: async () => {
      phase = 'unready';
      await delay(unreadyMs);
      // To end a connection on which a call is just coming would leave open whether that was begun.
      phase = 'leaving';
      sockets.close();
      await delay(leaveMs);
      const closed = once(http, 'close');
      http.close();
      // Those that came meanwhile.
      sockets.close();
      const idle = setInterval(() => http.closeIdleConnections(), 50);
      const forced = setTimeout(() => http.closeAllConnections(), drainMs);
      await closed;
      clearTimeout(forced);
      clearInterval(idle);
    },
  };
};

/** A socket that a killed process left behind; one that still answers is somebody's, and listening on it will fail. */
const removeStale = async (socketPath: string): Promise<void> => {
  const probe = connect(socketPath);
  const answers = await new Promise<boolean>((resolve) => {
    probe.once('connect', () => resolve(true)).once('error', () => resolve(false));
  });
  probe.destroy();
  if (!answers) await rm(socketPath, { force: true });
};
