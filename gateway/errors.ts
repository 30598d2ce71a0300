import { randomUUID } from 'node:crypto';
import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import type { Log } from './log.ts';

export type ResponsePath = readonly (string | number)[];

/** A request we refuse, with the code clients act on and the status an HTTP answer carries. */
export const refusal = (
  code: string,
  message: string,
  status = 400,
  details: Readonly<Record<string, unknown>> = {},
): GraphQLError => new GraphQLError(message, { extensions: { ...details, code, http: { status } } });

/** The HTTP status an error asks for; 500 where it says nothing. */
export const statusOf = (error: GraphQLError): number => {
  const http = error.extensions['http'];
  const status = typeof http === 'object' && http !== null && 'status' in http ? http.status : undefined;
  return typeof status === 'number' ? status : 500;
};

/** The headers an error wants beside its status, e.g. Retry-After. */
export const headersOf = (error: GraphQLError): Readonly<Record<string, string>> => {
  const http = error.extensions['http'];
  const headers = typeof http === 'object' && http !== null && 'headers' in http ? http.headers : undefined;
  return headers instanceof Map ? Object.fromEntries(headers) : {};
};

const internal = 'INTERNAL_SERVER_ERROR';

/** What the client may see of an error of ours: message, path, place and extensions without transport hints. */
const visible = (error: GraphQLError): GraphQLFormattedError => {
  const { http: _http, stacktrace: _stacktrace, ...extensions } = error.extensions;
  return { ...error.toJSON(), extensions };
};

/** A GraphQLError with a code is meant for the client; so is one already masked (it has an errorId). */
const isMeantForClient = (error: unknown): error is GraphQLError =>
  error instanceof GraphQLError &&
  (typeof error.extensions['errorId'] === 'string' ||
    (typeof error.extensions['code'] === 'string' && error.extensions['code'] !== internal));

export type Mask = (error: unknown, details?: Readonly<Record<string, unknown>>) => GraphQLFormattedError;

/** Shows errors that are meant for the client; anything else becomes a fixed message, its details go to the log only. */
export const createMask =
  (log: Log): Mask =>
  (error, details = {}) => {
    if (isMeantForClient(error)) return visible(error);
    const errorId = randomUUID();
    log.error(
      { ...details, err: error instanceof GraphQLError ? (error.originalError ?? error) : error, errorId },
      'unexpected error',
    );
    const path = error instanceof GraphQLError ? error.path : undefined;
    return {
      message: 'Something went wrong on our side.',
      ...(path ? { path } : {}),
      extensions: { code: internal, errorId },
    };
  };
