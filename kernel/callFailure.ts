import { errors as undiciErrors } from 'undici';

/**
 * Why a call of a subgraph gave no usable answer.
 * UNREACHABLE: no connection, or it is about to stop: nothing was begun. RESET: it broke off. REFUSED: 401 or 403, a secret is wrong.
 * STATUS: any other status. INVALID: not what was asked for. TOO_LARGE, REDIRECT: as the words say.
 * TAMPERED: what came is not what was sent. TIMEOUT: no word in time.
 */
export type CallFailureKind =
  | 'UNREACHABLE'
  | 'RESET'
  | 'REFUSED'
  | 'STATUS'
  | 'INVALID'
  | 'TOO_LARGE'
  | 'REDIRECT'
  | 'TAMPERED'
  | 'TIMEOUT';

/** For our own logs: the message may name addresses. */
export class CallFailure extends Error {
  readonly kind: CallFailureKind;

  constructor(kind: CallFailureKind, message: string, options: ErrorOptions = {}) {
    super(message, options);
    this.name = 'CallFailure';
    this.kind = kind;
  }
}

/** On a 503 of a service of ours that is about to stop: it has not begun what it was asked. */
export const leavingHeader = 'parley-leaving';
export const isLeaving = (statusCode: number, headers: Readonly<Record<string, unknown>>): boolean =>
  statusCode === 503 && headers[leavingHeader] !== undefined;

/** A deadline that passed, also one that is not ours (`AbortSignal.timeout`). */
export const isSilence = (failure: unknown): boolean =>
  failure instanceof CallFailure
    ? failure.kind === 'TIMEOUT'
    : failure instanceof Error && failure.name === 'TimeoutError';

const unreachable = new Set(['ECONNREFUSED', 'ENOENT', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH']);

/** What undici or the network say as a CallFailure; once `signal` has fired, what the caller broke it off with. */
export const toCallFailure = (error: unknown, signal: AbortSignal | undefined): unknown => {
  if (error instanceof CallFailure || signal?.aborted) return error;
  const { code = '', message } = error as NodeJS.ErrnoException;
  if (unreachable.has(code) || error instanceof undiciErrors.ConnectTimeoutError)
    return new CallFailure('UNREACHABLE', message, { cause: error });
  if (error instanceof undiciErrors.HeadersTimeoutError || error instanceof undiciErrors.BodyTimeoutError)
    return new CallFailure('TIMEOUT', message, { cause: error });
  if (error instanceof undiciErrors.SocketError || /^(ECONNRESET|EPIPE|ETIMEDOUT)$/.test(code))
    return new CallFailure('RESET', message, { cause: error });
  return new CallFailure('INVALID', message, { cause: error });
};
