import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';

export type Subscribe = {
  readonly id: string;
  readonly payload: {
    readonly variables: Record<string, unknown>;
    readonly documentId?: string;
    readonly query: string;
  };
};
export type LiveSocket = {
  readonly socket: WebSocket;
  next(id: string, data: unknown): void;
  error(id: string, code: string): void;
  complete(id: string): void;
};
export type Behaviour = {
  /** What connection_init carried; false refuses with 4403. */
  onInit?: (authorization: string | undefined) => boolean;
  onSubscribe?: (live: LiveSocket, message: Subscribe) => void;
  /** Answers HTTP POSTs. */
  onPost?: (body: Record<string, unknown>, authorization: string | undefined) => { status?: number; body: unknown };
  answersPings?: boolean;
};

/** graphql-transport-ws in its simplest form, so that a test decides every message, and GraphQL over HTTP on the same port. */
export const startLiveServer = async (behaviour: Behaviour, port = 0) => {
  const sockets = new Set<WebSocket>();
  const tcp = new Set<Socket>();
  const http = createServer(async (request, response) => {
    const text = (await request.toArray()).join('');
    const { status = 200, body } = behaviour.onPost?.(JSON.parse(text), request.headers.authorization) ?? {
      body: 'nothing here',
    };
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  http.on('connection', (socket) => {
    tcp.add(socket);
    socket.on('close', () => tcp.delete(socket));
  });
  const server = new WebSocketServer({ server: http, handleProtocols: () => 'graphql-transport-ws' });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    const send = (message: object): void => {
      if (socket.readyState === socket.OPEN) socket.send(JSON.stringify(message));
    };
    const live: LiveSocket = {
      socket,
      next: (id, data) => send({ type: 'next', id, payload: { data } }),
      error: (id, code) => send({ type: 'error', id, payload: [{ message: code, extensions: { code } }] }),
      complete: (id) => send({ type: 'complete', id }),
    };
    socket.on('message', (raw) => {
      const message = JSON.parse(String(raw));
      if (message.type === 'connection_init')
        behaviour.onInit?.(message.payload?.authorization) === false
          ? socket.close(4403, 'Forbidden')
          : send({ type: 'connection_ack' });
      else if (message.type === 'ping' && behaviour.answersPings !== false) send({ type: 'pong' });
      else if (message.type === 'subscribe') behaviour.onSubscribe?.(live, message);
    });
  });
  await new Promise<void>((resolve) => http.listen(port, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}/graphql`,
    sockets,
    close: async () => {
      for (const socket of tcp) socket.destroy();
      await new Promise((resolve) => http.close(resolve));
    },
  };
};
