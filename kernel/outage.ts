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
/** What Prisma's driver adapter has no code for. */
const kinds = new Set<unknown>(['ConnectionClosed', 'SocketTimeout', 'DatabaseNotReachable']);
/** pg and its pool tell these in words alone. */
const words =
  /timeout exceeded when trying to connect|Connection terminated|Client has encountered a connection error|Query read timeout|cannot use the pool after calling end/i;

const callsAway: readonly CallFailureKind[] = ['UNREACHABLE', 'RESET', 'TIMEOUT'];

/** What an error may say of itself, whoever threw it: node, pg, Prisma or its driver adapter. */
type Told = {
  readonly code?: unknown;
  readonly originalCode?: unknown;
  readonly kind?: unknown;
  readonly message?: unknown;
  readonly cause?: unknown;
  readonly meta?: { readonly driverAdapterError?: unknown };
  /** of a GraphQLError: another service's refusal */
  readonly extensions?: { readonly code?: unknown };
};

const deepest = 4;
/** The error and what it says has caused it; what kind a failed call is, it says itself. */
export const causesOf = (error: unknown, depth = 0): readonly Told[] => {
  if (typeof error !== 'object' || error === null || depth > deepest) return [];
  const told = error as Told;
  if (error instanceof CallFailure) return [told];
  const inner = error instanceof AggregateError ? (error.errors as unknown[]) : [];
  return [
    told,
    ...[...inner, told.cause, told.meta?.driverAdapterError].flatMap((cause) => causesOf(cause, depth + 1)),
  ];
};

const isAwayCode = (code: unknown): boolean =>
  typeof code === 'string' && (networkCodes.has(code) || (code.length === 5 && away.test(code)));

/** Whether a store or a service is away, or has no room just now: the same may well succeed later, and the data is not to blame. */
export const isOutage = (error: unknown): boolean =>
  causesOf(error).some(
    (told) =>
      (told instanceof CallFailure && callsAway.includes(told.kind)) ||
      isAwayCode(told.code ?? told.extensions?.code) ||
      isAwayCode(told.originalCode) ||
      kinds.has(told.kind) ||
      (typeof told.message === 'string' && words.test(told.message)),
  );

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
