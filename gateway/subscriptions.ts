import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Subgraph } from '@parley/kernel/subgraph';
import { type ExecutionResult, GraphQLError, type GraphQLFormattedError } from 'graphql';
import { type Context, handleProtocols, makeServer } from 'graphql-ws';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Admission } from './admit.ts';
import { type Authenticate, anonymous, type Caller } from './authenticate.ts';
import { type BoundedSocket, boundSocket } from './boundedSocket.ts';
import type { Variables } from './conditions.ts';
import type { GatewayConfig } from './config.ts';
import { mayOpenSocket } from './cors.ts';
import type { Answer, Engine } from './engine.ts';
import { type Mask, refusal, statusOf } from './errors.ts';
import { forwardedHeaders } from './forwardedHeaders.ts';
import { graphqlPath } from './httpServer.ts';
import { openLive } from './liveOperation.ts';
import type { LoadShedding } from './loadShedding.ts';
import type { Log } from './log.ts';
import type { Observe } from './observe.ts';
import { observedStream } from './observedStream.ts';
import { createOperationIds } from './operationIds.ts';
import { createPeerAddress } from './peerAddress.ts';
import type { CompiledOperation } from './plan.ts';
import { pathOf } from './responses.ts';
import type { Revocations } from './revocations.ts';
import type { Call } from './subgraphRequest.ts';
import { watchCredential } from './watchCredential.ts';

export type SocketParts = {
  readonly config: GatewayConfig;
  readonly admission: Admission;
  readonly shedding: LoadShedding;
  readonly observe: Observe;
  readonly authenticate: Authenticate;
  readonly revocations: Revocations;
  readonly subgraphs: Readonly<Record<string, Subgraph>>;
  readonly mask: Mask;
  readonly log: Log;
};

/** What one socket holds beside graphql-ws's own state. */
type Session = {
  readonly id: string;
  readonly peer: string;
  readonly socket: BoundedSocket;
  readonly gone: AbortController;
  caller: Caller;
  stopWatching: () => void;
};
type Ws = Context<Record<string, unknown>, Session>;

/** An operation that passed everything and is about to run: rides through graphql-ws as its execution arguments. */
type Started = {
  readonly engine: Engine;
  readonly compiled: CompiledOperation;
  readonly variables: Variables;
  readonly call: Call;
};

/** connection_init carries a token and little else (E43). */
const mostInitBytes = 16 * 1024;

/** GraphQL over WebSocket (graphql-transport-ws) on the HTTP server's GraphQL path. */
export const acceptSockets = (http: Server, parts: SocketParts) => {
  const { config, log } = parts;
  const { limits } = config;
  const protocol = createProtocol(parts);
  const peerAddress = createPeerAddress(config.trustedProxies);
  let closing = false;
  const server = new WebSocketServer({
    noServer: true,
    handleProtocols,
    maxPayload: limits.bodyBytes,
    perMessageDeflate: false,
  });

  http.on('upgrade', (request: IncomingMessage, duplex: Duplex, head: Buffer) => {
    if (pathOf(request) !== graphqlPath) return refuseUpgrade(duplex, '404 Not Found');
    if (closing || parts.shedding.sheds()) return refuseUpgrade(duplex, '503 Service Unavailable');
    if (!mayOpenSocket(config.allowedOrigins, request)) return refuseUpgrade(duplex, '403 Forbidden');
    server.handleUpgrade(request, duplex, head, (socket) => open(socket, peerAddress(request)));
  });

  const open = (socket: WebSocket, peer: string): void => {
    let closed: ((code: number, reason: string) => Promise<void>) | null = null;
    const finish = (code: number, reason: string): void => {
      session.gone.abort();
      session.stopWatching();
      closed?.(code, reason).catch((err: unknown) =>
        log.error({ err, requestId: session.id }, 'a socket did not close cleanly'),
      );
      closed = null;
    };
    const bounded = boundSocket(socket, limits.socketQueueBytes, () => finish(1013, 'slow reader'));
    const session: Session = {
      id: randomUUID(),
      peer,
      socket: bounded,
      gone: new AbortController(),
      caller: anonymous,
      stopWatching: () => {},
    };
    const stopPinging = keepAlive(socket, limits.keepAliveMs);
    socket.on('error', (err) => log.debug({ err, requestId: session.id }, 'a socket failed'));
    socket.once('close', (code, reason) => {
      stopPinging();
      finish(code, String(reason));
    });
    let initialised = false;
    const ids = createOperationIds((id) => bounded.close(4409, `Subscriber for ${id.slice(0, 50)} already exists`));
    closed = protocol.opened(
      {
        protocol: socket.protocol,
        send: (text) => {
          const message = ids.outgoing(text);
          if (message !== null) bounded.send(message);
        },
        close: (code = 1000, reason = '') => bounded.close(code, reason),
        onMessage: (receive) =>
          socket.on('message', (message, isBinary) => {
            const text = String(message);
            if (isBinary) return bounded.close(1003, 'text messages only');
            if (!initialised && text.length > mostInitBytes) return bounded.close(4400, 'Invalid message received');
            initialised = true;
            const received = ids.incoming(text);
            if (received === null) return;
            receive(received).catch((err: unknown) => {
              log.error({ err, requestId: session.id }, 'a socket message could not be handled');
              bounded.close(1011, 'Internal server error');
            });
          }),
      },
      session,
    );
  };

  return {
    /** Says goodbye to every socket; resolves once all are gone. */
    close: async (): Promise<void> => {
      closing = true;
      const sockets = [...server.clients];
      const gone = sockets.map((socket) => once(socket, 'close'));
      for (const socket of sockets) socket.close(1001, 'Going away');
      await Promise.all(gone);
    },
    open: (): number => server.clients.size,
    terminate: () => {
      for (const socket of server.clients) socket.terminate();
    },
  };
};

const createProtocol = (parts: SocketParts) => {
  const { config, admission, observe, authenticate, revocations, subgraphs, mask } = parts;
  const { limits } = config;

  const connect = async ({ connectionParams, extra }: Ws): Promise<boolean> => {
    const authorization = connectionParams?.['authorization'] ?? connectionParams?.['Authorization'];
    if (authorization === undefined || authorization === null) return true;
    if (typeof authorization !== 'string') return false;
    const check = (): Promise<Caller> => authenticate(authorization, { actor: null, requestId: extra.id });
    try {
      extra.caller = await check();
    } catch (error) {
      if (error instanceof GraphQLError && statusOf(error) === 401) return false;
      extra.socket.close(1013, 'try again later');
      return false;
    }
    extra.stopWatching = watchCredential(extra.caller, check, revocations, () => extra.socket.close(4403, 'Forbidden'));
    return true;
  };

  /** Everything HTTP does before it runs an operation, in the same order. Throws a refusal. */
  const start = async (
    ctx: Ws,
    payload: Readonly<Record<string, unknown>>,
    { requestId, observed }: Pick<Call, 'requestId' | 'observed'>,
  ): Promise<{ args: Started; document: import('graphql').DocumentNode }> => {
    const { caller, gone, peer } = ctx.extra;
    if (Object.keys(ctx.subscriptions).length > limits.subscriptionsPerSocket)
      throw refusal(
        'TOO_MANY_SUBSCRIPTIONS',
        `A socket carries at most ${limits.subscriptionsPerSocket} operations at once.`,
        429,
      );
    const call: Call = {
      actor: caller.actor,
      requestId,
      peer,
      observed,
      headers: forwardedHeaders(config.forwardHeaders, ctx.connectionParams),
      signal: gone.signal,
    };
    const found = await admission.find(payload, caller, call);
    if (found === undefined) throw refusal('BAD_REQUEST', 'A query, or the documentId of one, must be given.');
    const { engine, operation, compiled, variables } = await admission.admit(found, payload['variables'], call);
    if (operation.node.operation === 'subscription' && compiled.source === null && compiled.refusals[0])
      throw toGraphQLError(compiled.refusals[0]);
    // A mutation runs to its end, whoever leaves.
    const signal = operation.node.operation === 'mutation' ? undefined : call.signal;
    return {
      args: { engine, compiled, variables, call: { ...call, signal } },
      document: {
        ...operation.document.document,
        definitions: [operation.node, ...operation.document.fragments.values()],
      },
    };
  };

  return makeServer<Record<string, unknown>, Session>({
    connectionInitWaitTimeout: limits.initTimeoutMs,
    onConnect: connect,
    onSubscribe: async (ctx, _id, payload) => {
      const requestId = `${ctx.extra.id}.${randomUUID().slice(0, 8)}`;
      const observed = observe({ requestId, transport: 'websocket' });
      try {
        const { args, document } = await start(ctx, { ...payload }, { requestId, observed });
        return { schema: args.engine.loaded.schema, document, contextValue: args };
      } catch (error) {
        observed.end();
        // An error message, never a throw: that would close the socket and every other subscription on it (E16).
        return [error instanceof GraphQLError ? error : new GraphQLError('', { originalError: toError(error) })];
      }
    },
    execute: async ({ contextValue }) => {
      const { engine, compiled, variables, call } = contextValue as Started;
      try {
        return toExecutionResult(await engine.run(compiled, variables, call));
      } catch (error) {
        return toExecutionResult({ data: null, errors: [mask(error, { requestId: call.requestId })] });
      } finally {
        call.observed?.end();
      }
    },
    subscribe: ({ contextValue }) => {
      const { engine, compiled, variables, call } = contextValue as Started;
      const answers = openLive(engine, compiled, subgraphs, variables, call);
      return observedStream(answers, call.observed) as AsyncIterableIterator<never>;
    },
    // Ours are in their final form; graphql-ws would ask each error for its toJSON.
    onNext: (_ctx, _id, _payload, _args, result) => result as Answer as never,
    onError: (ctx, _id, _payload, errors): GraphQLFormattedError[] =>
      errors.map((error) => mask(innermost(error), { requestId: ctx.extra.id })),
  });
};

const toExecutionResult = (answer: Answer): ExecutionResult => answer as unknown as ExecutionResult;

const toGraphQLError = ({ message, path, extensions }: GraphQLFormattedError): GraphQLError =>
  new GraphQLError(message, { path: path ?? null, extensions: extensions ?? null });

const toError = (value: unknown): Error => (value instanceof Error ? value : new Error(String(value)));

/** graphql-ws wraps what a stream threw. */
const innermost = (error: GraphQLError): unknown => error.originalError ?? error;

const refuseUpgrade = (duplex: Duplex, status: string): void => {
  // Nobody else listens yet: without this, a peer that is already gone would end the process.
  duplex.on('error', () => {});
  duplex.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
};

/** Finds a peer that is gone without a word: one that leaves a ping unanswered until the next is due (F14). */
const keepAlive = (socket: WebSocket, everyMs: number): (() => void) => {
  let answered = true;
  socket.on('pong', () => {
    answered = true;
  });
  const timer = setInterval(() => {
    if (!answered) return socket.terminate();
    answered = false;
    if (socket.readyState === socket.OPEN) socket.ping();
  }, everyMs);
  return () => clearInterval(timer);
};
