import { GraphQLError, type GraphQLErrorExtensions } from 'graphql';
import { CallFailure, type CallFailureKind } from './callFailure.ts';

/** PostgreSQL's classes and codes (appendix A) for: no connection, no more resources, shutting down, cancelled, not now. */
const away = /^(?:08|53|57|58|55006|55P03|25006|40001|40P01)/;
const networkCodes = new Set([
  // Told by a service whose own store is away
  'SERVICE_UNAVAILABLE',
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOENT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  // Prisma: server unreachable, timed out, closed, no connection free in time, transaction could not start, conflict
  'P1001',
  'P1002',
  'P1008',
  'P1017',
  'P2024',
  'P2028',
  'P2034',
]);
/** pg and its pool tell these in words alone. */
const words =
  /timeout exceeded when trying to connect|Connection terminated|Client has encountered a connection error|Query read timeout|cannot use the pool after calling end/i;

const callsAway: readonly CallFailureKind[] = ['UNREACHABLE', 'RESET', 'TIMEOUT'];

type Told = {
  code?: unknown;
  message?: unknown;
  cause?: unknown;
  meta?: { driverAdapterError?: unknown };
  /** of a GraphQLError: another service's refusal */
  extensions?: { code?: unknown };
};

/** Whether a store or a service is away, or has no room just now: the same may well succeed later, and the data is not to blame. */
export const isOutage = (error: unknown, depth = 0): boolean => {
  if (typeof error !== 'object' || error === null || depth > 4) return false;
  if (error instanceof CallFailure) return callsAway.includes(error.kind);
  const { message, cause, meta, extensions, code = extensions?.code } = error as Told;
  if (typeof code === 'string' && (networkCodes.has(code) || (code.length === 5 && away.test(code)))) return true;
  if (typeof message === 'string' && words.test(message)) return true;
  if (error instanceof AggregateError && error.errors.some((inner) => isOutage(inner, depth + 1))) return true;
  return isOutage(cause, depth + 1) || isOutage(meta?.driverAdapterError, depth + 1);
};

/** What a caller is told of it. Nothing they did is wrong; whether it was recorded is not known, so commands are sent again as they were. */
export const outageMessage = 'This cannot be answered right now. Try again in a moment.';
export const outageExtensions = (errorId: string): GraphQLErrorExtensions => ({
  code: 'SERVICE_UNAVAILABLE',
  retryAfterMs: 1000,
  errorId,
});

/** An outage as callers may see it. */
export const outageError = (errorId: string): GraphQLError =>
  new GraphQLError(outageMessage, { extensions: outageExtensions(errorId) });
