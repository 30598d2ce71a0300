import type { OperationPayload } from './document.ts';
import { isEmpty } from './document.ts';
import { errorsIn, type GraphqlError, GraphqlFailure, NetworkFailure } from './errors.ts';

export type PostOptions = {
  readonly url: string;
  readonly fetch: typeof fetch;
  readonly token: string | null;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  /** Errors beside data: a sick service cost only its own fields. */
  readonly onPartial?: ((errors: readonly GraphqlError[]) => void) | undefined;
};

/** One operation over HTTP (GraphQL over HTTP, 2025). @throws GraphqlFailure | NetworkFailure, or the signal's reason */
export const postOperation = async (payload: OperationPayload, options: PostOptions): Promise<unknown> => {
  const { url, token, timeoutMs, signal, onPartial } = options;
  const timeout = AbortSignal.timeout(timeoutMs);
  const answer = await answered(
    () =>
      options.fetch(url, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          accept: 'application/graphql-response+json, application/json;q=0.9',
          ...(token === null ? {} : { authorization: `Bearer ${token}` }),
        },
        body: JSON.stringify(payload),
        signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
      }),
    signal,
  );
  const body = await answered(() => answer.text(), signal);
  const result = parse(body);
  if (result === null) throw new NetworkFailure(`The server answered ${answer.status}.`, answer.status);
  const errors = errorsIn(result['errors']);
  if (errors.length > 0 && isEmpty(result['data'])) throw new GraphqlFailure(errors, retryAfterMs(answer, errors));
  if (result['data'] === undefined || result['data'] === null)
    throw new NetworkFailure(`The server answered ${answer.status} without data.`, answer.status);
  if (errors.length > 0) onPartial?.(errors);
  return result['data'];
};

const answered = async <T>(step: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> => {
  try {
    return await step();
  } catch (cause) {
    signal?.throwIfAborted();
    const isTimeout = cause instanceof DOMException && cause.name === 'TimeoutError';
    throw new NetworkFailure(isTimeout ? 'The server took too long.' : 'The server cannot be reached.', null, cause);
  }
};

const parse = (text: string): Record<string, unknown> | null => {
  try {
    const value: unknown = JSON.parse(text);
    const isAnswer = typeof value === 'object' && value !== null && ('data' in value || 'errors' in value);
    return isAnswer ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
};

const retryAfterMs = (answer: Response, errors: readonly GraphqlError[]): number | null => {
  const said = errors[0]?.extensions?.['retryAfterMs'];
  if (typeof said === 'number') return said;
  const seconds = Number(answer.headers.get('retry-after') ?? Number.NaN);
  return Number.isFinite(seconds) ? seconds * 1000 : null;
};
