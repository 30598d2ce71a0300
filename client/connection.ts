import { createClient, type SubscribePayload } from 'graphql-ws/client';
import type { OperationPayload } from './document.ts';
import { errorsIn, type GraphqlError } from './errors.ts';

/** How a connection ended: the WebSocket close code, 0 where it never got so far. */
export type Ending = { readonly code: number; readonly reason: string };

/** What one operation on a connection may come to. `lost`: the connection went first. */
export type FeedEnd =
  | { readonly kind: 'complete' | 'lost' }
  | { readonly kind: 'errors'; readonly errors: readonly GraphqlError[] };
export type FeedResult = { readonly data?: unknown; readonly errors?: unknown };

export type Connection = {
  readonly ended: Promise<Ending>;
  /** Returns how to leave. `onEnd` is called once, unless it was left before. */
  subscribe(
    payload: OperationPayload,
    onResult: (result: FeedResult) => void,
    onEnd: (end: FeedEnd) => void,
  ): () => void;
  close(): void;
};

export type ConnectionOptions = {
  readonly url: string;
  readonly authorization: string | null;
  readonly webSocketImpl?: unknown;
  /** A ping goes out this often; a peer that leaves it unanswered for `pongMs` is gone (half-open TCP, F14). */
  readonly pingMs: number;
  readonly pongMs: number;
  readonly openMs: number;
};

/**
 * One acknowledged graphql-transport-ws connection that never reconnects: graphql-ws's own retry re-sends the first
 * variables, so a stream would start over at its first cursor (F03). Rejects with an Ending.
 */
export const openConnection = (options: ConnectionOptions): Promise<Connection> => {
  const { url, authorization, webSocketImpl, pingMs, pongMs, openMs } = options;
  const ended = Promise.withResolvers<Ending>();
  const opened = Promise.withResolvers<void>();
  let isOver = false;
  let silence: ReturnType<typeof setTimeout> | undefined;

  const end = (ending: Ending): void => {
    if (isOver) return;
    isOver = true;
    clearTimeout(silence);
    clearTimeout(opening);
    ended.resolve(ending);
    opened.reject(ending);
    // Disposed first, or a close with 1000 would make it dial again by itself.
    Promise.resolve(client.dispose()).catch(() => {});
  };
  const client = createClient({
    url,
    ...(authorization === null ? {} : { connectionParams: { authorization } }),
    ...(webSocketImpl === undefined ? {} : { webSocketImpl }),
    lazy: false,
    retryAttempts: 0,
    onNonLazyError: () => {},
    keepAlive: pingMs,
    on: {
      connected: () => {
        clearTimeout(opening);
        opened.resolve();
      },
      ping: (received) => {
        if (!received) silence = setTimeout(() => client.terminate(), pongMs);
      },
      message: () => clearTimeout(silence),
      closed: (event) => end(endingOf(event)),
      error: () => end({ code: 0, reason: 'The socket failed.' }),
    },
  });
  const opening = setTimeout(() => client.terminate(), openMs);

  const subscribe: Connection['subscribe'] = (payload, onResult, onEnd) => {
    let isLeft = false;
    const finish = (end: FeedEnd): void => {
      if (isLeft) return;
      isLeft = true;
      onEnd(end);
    };
    if (isOver) {
      finish({ kind: 'lost' });
      return () => {};
    }
    // The protocol wants a query; one that goes by its hash has an empty one.
    const message: SubscribePayload = { query: '', ...payload };
    const leave = client.subscribe(message, {
      next: (result) => {
        if (!isLeft) onResult(result);
      },
      error: (error) => finish(isOver ? { kind: 'lost' } : { kind: 'errors', errors: errorsIn(error) }),
      complete: () => finish({ kind: isOver ? 'lost' : 'complete' }),
    });
    return () => {
      isLeft = true;
      if (!isOver) leave();
    };
  };

  const close = (): void => end({ code: 1000, reason: 'No longer needed.' });
  return opened.promise.then(() => ({ ended: ended.promise, subscribe, close }));
};

const endingOf = (event: unknown): Ending => {
  const { code, reason } = event as { code?: unknown; reason?: unknown };
  return { code: typeof code === 'number' ? code : 0, reason: typeof reason === 'string' ? reason : '' };
};
