import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { keepAlive } from '@parley/kernel/keepAlive';
import { handleProtocols } from 'graphql-ws';
import { type WebSocket, WebSocketServer } from 'ws';
import { type Authenticate, anonymous } from '../access/authenticate.ts';
import type { Revocations } from '../access/revocations.ts';
import type { Admission } from '../admission/admit.ts';
import type { GatewayConfig } from '../config.ts';
import type { Mask } from '../errors.ts';
import type { RunAdmitted } from '../execution/sharedRuns.ts';
import type { ReadLive } from '../live/liveReading.ts';
import type { Log } from '../log.ts';
import type { Observe } from '../telemetry/observe.ts';
import { boundSocket } from './boundedSocket.ts';
import { mayOpenSocket } from './cors.ts';
import { graphqlPath } from './httpServer.ts';
import { inWaves } from './inWaves.ts';
import type { LoadShedding } from './loadShedding.ts';
import { createOperationIds } from './operationIds.ts';
import { createPeerAddress } from './peerAddress.ts';
import { pathOf } from './responses.ts';
import { createSocketProtocol, type Session } from './socketProtocol.ts';

export type SocketParts = {
  readonly config: GatewayConfig;
  readonly admission: Admission;
  readonly shedding: LoadShedding;
  readonly observe: Observe;
  readonly authenticate: Authenticate;
  readonly revocations: Revocations;
  readonly readLive: ReadLive;
  readonly run: RunAdmitted;
  readonly mask: Mask;
  readonly log: Log;
};

/** connection_init carries a token and little else (E43). */
const mostInitBytes = 16 * 1024;

/** GraphQL over WebSocket (graphql-transport-ws) on the HTTP server's GraphQL path. */
export const acceptSockets = (http: Server, parts: SocketParts) => {
  const { config, log } = parts;
  const { limits } = config;
  const protocol = createSocketProtocol(parts);
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
    server.handleUpgrade(request, duplex, head, (socket) => open(socket, duplex, peerAddress(request)));
  });

  const open = (socket: WebSocket, below: Duplex, peer: string): void => {
    let closed: ((code: number, reason: string) => Promise<void>) | null = null;
    const finish = (code: number, reason: string): void => {
      session.gone.abort();
      session.stopWatching();
      closed?.(code, reason).catch((err: unknown) =>
        log.error({ err, requestId: session.id }, 'a socket did not close cleanly'),
      );
      closed = null;
    };
    const bounded = boundSocket(socket, below, limits.socketQueueBytes, () => finish(1013, 'slow reader'));
    const session: Session = {
      id: randomUUID(),
      peer,
      socket: bounded,
      gone: new AbortController(),
      caller: anonymous,
      stopWatching: () => {},
      sendAnswer: (operationId, json) => {
        const id = ids.clientIdOf(operationId);
        if (id !== undefined) bounded.send(nextMessage(id, json));
      },
    };
    const ids = createOperationIds((id) => bounded.close(4409, `Subscriber for ${id.slice(0, 50)} already exists`));
    const stopPinging = keepAlive(socket, limits.keepAliveMs);
    socket.on('error', (err) => log.debug({ err, requestId: session.id }, 'a socket failed'));
    socket.once('close', (code, reason) => {
      stopPinging();
      finish(code, String(reason));
    });
    let initialised = false;
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
    /** Says goodbye to every socket, in waves over `overMs`; resolves once all are gone. */
    close: async (overMs: number): Promise<void> => {
      closing = true;
      const sockets = [...server.clients];
      const gone = sockets.map((socket) => once(socket, 'close'));
      await inWaves(sockets, overMs, (socket) => socket.close(1001, 'going away: resume from your last cursor'));
      await Promise.all(gone);
    },
    open: (): number => server.clients.size,
    terminate: () => {
      for (const socket of server.clients) socket.terminate();
    },
  };
};

const braceAtEnd = Buffer.from('}');

const nextMessage = (id: string, json: Buffer): Buffer =>
  Buffer.concat([Buffer.from(`{"id":${JSON.stringify(id)},"type":"next","payload":`), json, braceAtEnd]);

const refuseUpgrade = (duplex: Duplex, status: string): void => {
  // Nobody else listens yet: without this, a peer that is already gone would end the process.
  duplex.on('error', () => {});
  duplex.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
};
