import { once } from 'node:events';
import type { Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

type Refused = { readonly status: string; readonly code: string; readonly message: string };

const malformed: Refused = {
  status: '400 Bad Request',
  code: 'BAD_REQUEST',
  message: 'The request is not valid HTTP/1.1.',
};
const refusedAs: Readonly<Record<string, Refused>> = {
  HPE_HEADER_OVERFLOW: {
    status: '431 Request Header Fields Too Large',
    code: 'HEADERS_TOO_LARGE',
    message: 'The headers of a request may have at most 16 KiB.',
  },
  ERR_HTTP_REQUEST_TIMEOUT: {
    status: '408 Request Timeout',
    code: 'REQUEST_TIMEOUT',
    message: 'The request did not arrive in time.',
  },
};

/**
 * Answers what Node's parser refuses (A19, A21) as we answer everything else, in JSON, and closes: after such a request
 * nobody knows where the next one begins.
 */
export const answerBrokenRequests = (server: Server): void => {
  const answering = new WeakMap<Duplex, ServerResponse>();
  server.on('request', ({ socket }, response) => answering.set(socket, response));
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
    const earlier = answering.get(socket);
    const isInAnswer = earlier?.headersSent === true && !earlier.writableFinished;
    if (error.code === 'ECONNRESET' || !socket.writable || isInAnswer) return void socket.destroy();
    const { status, code, message } = refusedAs[error.code ?? ''] ?? malformed;
    const body = JSON.stringify({ errors: [{ message, extensions: { code } }] });
    socket.end(
      [
        `HTTP/1.1 ${status}`,
        'content-type: application/json; charset=utf-8',
        `content-length: ${Buffer.byteLength(body)}`,
        'cache-control: no-store',
        'x-content-type-options: nosniff',
        'connection: close',
        '',
        body,
      ].join('\r\n'),
    );
    once(socket, 'finish').then(
      () => socket.destroy(),
      () => socket.destroy(),
    );
  });
};
