import type { IncomingMessage, ServerResponse } from 'node:http';

const preflightHeaders = {
  'access-control-allow-methods': 'GET, POST, OPTIONS',
  'access-control-allow-headers':
    'authorization, content-type, apollo-require-preflight, x-apollo-operation-name, x-request-id',
  'access-control-max-age': '600',
};

/** Lets pages of the configured origins read our answers, and no others. True when it answered a preflight. */
export const answerCors = (
  allowedOrigins: readonly string[],
  request: IncomingMessage,
  response: ServerResponse,
): boolean => {
  const { origin } = request.headers;
  if (origin === undefined) return false;
  response.appendHeader('vary', 'origin');
  const isAllowed = allowedOrigins.includes(origin);
  if (isAllowed) {
    response.setHeader('access-control-allow-origin', origin);
    response.setHeader('access-control-expose-headers', 'x-request-id, retry-after');
  }
  if (request.method !== 'OPTIONS' || request.headers['access-control-request-method'] === undefined) return false;
  response.writeHead(204, isAllowed ? preflightHeaders : {}).end();
  return true;
};

/** May a page of this origin open a socket here? Without an Origin it is not a page; our own pages always may (E33). */
export const mayOpenSocket = (allowedOrigins: readonly string[], { headers }: IncomingMessage): boolean => {
  const { origin, host } = headers;
  if (origin === undefined || allowedOrigins.includes(origin)) return true;
  return URL.canParse(origin) && host !== undefined && new URL(origin).host === host;
};
