import { randomUUID } from 'node:crypto';
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { type FormattedExecutionResult, GraphQLError, type GraphQLSchema, parse } from 'graphql';
import { handleProtocols, makeServer } from 'graphql-ws';
import { type WebSocket, WebSocketServer } from 'ws';
import type { createCallVerifier, ProvenCall } from './callProof.ts';
import { keepAlive } from './keepAlive.ts';
import type { Log } from './log.ts';
import { isOutage, outageError } from './outage.ts';
import type { Subgraph, SubgraphRequest, SubgraphResult } from './subgraph.ts';
import { signedFrame, subscribedText } from './subscriptionFrames.ts';

const pingMs = 10_000;
const messageBytes = 1024 * 1024;

/**
 * A subgraph's subscriptions over graphql-transport-ws. The upgrade is signed, and each operation again, with its
 * actor. The first frame of a stream says that it is live; a slow caller holds back its own streams' sources.
 */
export const acceptSubgraphSockets = (
  http: Server,
  options: {
    readonly subgraph: Subgraph;
    readonly path: string;
    readonly verify: ReturnType<typeof createCallVerifier>;
    readonly log: Log;
  },
) => {
  const { subgraph, path, verify, log } = options;
  const server = new WebSocketServer({
    noServer: true,
    handleProtocols,
    maxPayload: messageBytes,
    perMessageDeflate: false,
  });
  http.on('upgrade', (request: IncomingMessage, duplex: Duplex, head: Buffer) => {
    const call = request.url === path ? verify(request.headers, 'GET', path) : 'wrong';
    if (typeof call === 'string') {
      log.warn({ proof: call }, 'an unproven socket was refused');
      duplex.on('error', () => {});
      return duplex.end('HTTP/1.1 401 Unauthorized\r\nconnection: close\r\ncontent-length: 0\r\n\r\n');
    }
    server.handleUpgrade(request, duplex, head, open);
  });

  const protocol = makeServer<Record<string, unknown>, Record<string, never>>({
    onSubscribe: async (_context, _id, payload) => {
      const { query, operationName, variables, extensions } = payload;
      const call = verify(extensions ?? {}, 'SUBSCRIBE', path);
      if (typeof call === 'string' || !call.isBody(subscribedText(query, operationName, variables))) {
        log.warn({ proof: call }, 'an unproven subscription was refused');
        return [new GraphQLError('Unauthorized.', { extensions: { code: 'UNAUTHENTICATED' } })];
      }
      const gone = new AbortController();
      const request: SubgraphRequest = {
        query,
        operationName: operationName ?? undefined,
        variables: variables ?? undefined,
        actor: call.actor,
        requestId: call.requestId,
        signal: gone.signal,
      };
      try {
        const stream = await subgraph.subscribe(request);
        return { schema: anySchema, document: anySubscription, contextValue: liveStream(stream, gone, call) };
      } catch (error) {
        return [toShown(error, request.requestId)];
      }
    },
    subscribe: ({ contextValue }) => contextValue as AsyncGenerator<never>,
    // In its final form already: graphql-ws would ask each error for its toJSON.
    onNext: (_context, _id, _payload, _args, result) => result as FormattedExecutionResult,
    onError: (_context, _id, _payload, errors) =>
      errors.map((error) => toShown(error.originalError ?? error, undefined).toJSON()),
  });

  /** A refusal or an end that is meant for the caller passes; anything else is masked, and logged here. */
  const toShown = (error: unknown, requestId: string | undefined): GraphQLError => {
    if (error instanceof GraphQLError) return error;
    const errorId = randomUUID();
    if (isOutage(error)) {
      log.warn({ err: error, errorId, requestId }, 'a store or a service is away');
      return outageError(errorId);
    }
    log.error({ err: error, errorId, requestId }, 'unexpected error');
    return new GraphQLError('Something went wrong on our side.', {
      extensions: { code: 'INTERNAL_SERVER_ERROR', errorId },
    });
  };

  const open = (socket: WebSocket): void => {
    const stopPinging = keepAlive(socket, pingMs);
    socket.on('error', (err) => log.debug({ err }, 'a socket failed'));
    const closed = protocol.opened(
      {
        protocol: socket.protocol,
        send: (text) =>
          new Promise((resolve) => {
            // Its loss is told by 'close'.
            socket.send(text, () => resolve());
          }),
        close: (code, reason) => socket.close(code, reason),
        onMessage: (receive) =>
          socket.on('message', (message) => {
            receive(String(message)).catch((err: unknown) => {
              log.error({ err }, 'a socket message could not be handled');
              socket.close(1011, 'Internal server error');
            });
          }),
      },
      {},
    );
    socket.once('close', (code, reason) => {
      stopPinging();
      closed(code, String(reason)).catch((err: unknown) => log.error({ err }, 'a socket did not close cleanly'));
    });
  };

  return {
    /** Tells every caller to go elsewhere, and cuts those that stay. */
    close: (): void => {
      for (const socket of server.clients) {
        socket.close(1001, 'Going away');
        setTimeout(() => socket.terminate(), 1000).unref();
      }
    },
  };
};

/** graphql-ws looks only for which kind of operation it is; the subgraph parses and validates the real one. */
const anySubscription = parse('subscription { any }', { noLocation: true });
const anySchema = {} as GraphQLSchema;

const liveStream = (
  stream: AsyncIterableIterator<SubgraphResult>,
  gone: AbortController,
  call: ProvenCall,
): AsyncGenerator<SubgraphResult> => {
  let index = 0;
  const end = async (): Promise<IteratorResult<SubgraphResult>> => {
    gone.abort(new Error('the subscription ended'));
    await stream.return?.();
    return { value: undefined, done: true };
  };
  const live = {
    [Symbol.asyncIterator]: () => live,
    next: async (): Promise<IteratorResult<SubgraphResult>> => {
      const item = index === 0 ? ({ value: {}, done: false } as const) : await stream.next();
      return item.done ? item : { value: signedFrame(call, index++, item.value), done: false };
    },
    return: end,
    throw: end,
    [Symbol.asyncDispose]: async () => void (await end()),
  };
  return live;
};
