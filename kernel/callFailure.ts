/**
 * Why a call of a subgraph gave no usable answer.
 * UNREACHABLE: no connection, so nothing was begun. RESET: it broke off. REFUSED: 401 or 403, a secret is wrong.
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
