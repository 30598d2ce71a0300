import type { IncomingMessage, ServerResponse } from 'node:http';
import type { GraphQLError } from 'graphql';
import { headersOf, type Mask, statusOf } from '../errors.ts';

/** Sends JSON and ends. Nothing is sent twice, nor to someone gone. */
export const sendJson = (
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): void => {
  if (response.headersSent || response.destroyed) return;
  const bytes = Buffer.from(JSON.stringify(body));
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': bytes.length,
    ...headers,
  });
  response.end(bytes);
};

/** An answer that is one error. GraphQL clients read the same shape at every path. */
export const sendError = (
  response: ServerResponse,
  error: GraphQLError,
  mask: Mask,
  headers: Readonly<Record<string, string>> = {},
): void => {
  const status = statusOf(error);
  const challenge = status === 401 ? { 'www-authenticate': 'Bearer' } : {};
  sendJson(
    response,
    status,
    { errors: [mask(error)] },
    { 'cache-control': 'no-store', ...challenge, ...headersOf(error), ...headers },
  );
};

/** The path asked for, without its query; `/` where it cannot be read. */
export const pathOf = ({ url = '/' }: IncomingMessage): string => {
  const end = url.indexOf('?');
  return end < 0 ? url : url.slice(0, end);
};

export const searchOf = ({ url = '/' }: IncomingMessage): string => {
  const start = url.indexOf('?');
  return start < 0 ? '' : url.slice(start);
};
