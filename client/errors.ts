/** One error of a GraphQL answer. `code` is stable; `message` may change. */
export type GraphqlError = {
  readonly message: string;
  readonly path?: readonly (string | number)[];
  readonly extensions?: { readonly code?: string; readonly errorId?: string; readonly [name: string]: unknown };
};

/** The server answered, and the answer is that it did not go. An expected "no" is no failure: it is a Refusal in the data. */
export class GraphqlFailure extends Error {
  override readonly name = 'GraphqlFailure';
  /** Of the first error, e.g. UNAUTHENTICATED, NOT_FOUND, CURSOR_EXPIRED, SUBGRAPH_UNAVAILABLE. */
  readonly code: string;
  readonly errors: readonly GraphqlError[];
  /** What to quote to support, where the server gave one. */
  readonly errorId: string | null;
  /** The server's own wish. */
  readonly retryAfterMs: number | null;

  constructor(errors: readonly GraphqlError[], retryAfterMs: number | null = null) {
    const [first] = errors;
    super(first?.message ?? 'The server answered without data.');
    this.errors = errors;
    this.code = first?.extensions?.code ?? 'UNKNOWN';
    this.errorId = first?.extensions?.errorId ?? null;
    this.retryAfterMs = retryAfterMs;
  }
}

/** No GraphQL answer came: unreachable, timed out, or something between answered in its own words. */
export class NetworkFailure extends Error {
  override readonly name = 'NetworkFailure';
  readonly code = 'NETWORK';
  /** HTTP status, where there was an answer at all. */
  readonly status: number | null;

  constructor(message: string, status: number | null = null, cause?: unknown) {
    super(message, { cause });
    this.status = status;
  }
}

export const unauthenticated = (message = 'Sign in again.'): GraphqlFailure =>
  new GraphqlFailure([{ message, extensions: { code: 'UNAUTHENTICATED' } }]);

export const isUnauthenticated = (error: unknown): boolean =>
  error instanceof GraphqlFailure && error.code === 'UNAUTHENTICATED';

/** Errors of an answer, whatever came where they should be. */
export const errorsIn = (value: unknown): readonly GraphqlError[] =>
  Array.isArray(value) ? value.filter((one): one is GraphqlError => typeof one?.message === 'string') : [];
