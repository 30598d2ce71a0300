import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import { type Client, createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { CallFailure } from './callFailure.ts';
import { type CallSecrets, signCall } from './callProof.ts';
import type { SubgraphRequest, SubgraphResult } from './subgraph.ts';
import type { SubgraphAddress } from './subgraphAddress.ts';
import { readFrame, subscribedText } from './subscriptionFrames.ts';
import { waitingItems } from './waitingItems.ts';

const handshakeMs = 5000;
const liveMs = 10_000;
const pingMs = 10_000;
/** A socket nobody uses any more is kept for a while: the next subscription finds it open. */
const idleMs = 10_000;
const frameBytes = 16 * 1024 * 1024;

/**
 * Subscriptions of one subgraph, all over one socket that is opened when the first is wanted; of a subgraph that is not
 * ours, over one for each set of forwarded headers. Nothing is retried here: who subscribed knows where to go on.
 */
export const createSubscriptionClient = (options: {
  readonly name: string;
  readonly address: SubgraphAddress;
  readonly secrets: CallSecrets | null;
}) => {
  const { name, address, secrets } = options;
  const clients = new Map<string, Client>();

  const clientFor = (headers: Readonly<Record<string, string>>): Client => {
    const key = JSON.stringify(Object.entries(headers).toSorted());
    const known = clients.get(key);
    if (known) return known;
    const headersOf = () =>
      secrets === null
        ? { ...headers }
        : signCall(secrets, { audience: name, method: 'GET', path: address.path, actor: null, requestId: 'socket' }, '')
            .proof;
    const client: Client = createClient({
      url: address.socketUrl,
      webSocketImpl: socketWith(headersOf),
      connectionParams: { ...headers },
      connectionAckWaitTimeout: handshakeMs,
      lazyCloseTimeout: idleMs,
      retryAttempts: 0,
      keepAlive: pingMs,
      on: {
        ...watchPongs(() => client),
        closed: () => {
          if (clients.get(key) === client) clients.delete(key);
        },
      },
    });
    clients.set(key, client);
    return client;
  };

  return {
    subscribe: async (request: SubgraphRequest): Promise<AsyncIterableIterator<SubgraphResult>> => {
      const { query, operationName, variables, actor, requestId, headers, signal } = request;
      if (signal?.aborted) throw signal.reason;
      const items = waitingItems<SubgraphResult>(() => {
        signal?.removeEventListener('abort', onAbort);
        stop();
      });
      let live = (): void => {};
      const isOpen = new Promise<void>((resolve) => {
        live = resolve;
      });
      const signed =
        secrets === null
          ? null
          : signCall(
              secrets,
              { audience: name, method: 'SUBSCRIBE', path: address.path, actor, requestId },
              subscribedText(query, operationName, variables),
            );
      let frames = 0;
      const receive = (frame: object): void => {
        const result = signed ? readFrame(signed, frames, frame) : (frame as SubgraphResult);
        if (result === null) {
          items.fail(new CallFailure('TAMPERED', `frame ${frames} is not signed as it should be`));
        } else if (signed && frames === 0) live();
        else items.push(result);
        frames += 1;
      };
      const stop = clientFor(secrets === null ? (headers ?? {}) : {}).subscribe<Record<string, unknown>>(
        {
          query,
          operationName: operationName ?? null,
          variables: variables ?? null,
          ...(signed ? { extensions: { ...signed.proof } } : {}),
        },
        { next: receive, error: (error) => items.fail(toReason(error)), complete: () => items.end() },
      );
      const onAbort = () => void items.stream.return?.();
      signal?.addEventListener('abort', onAbort, { once: true });
      // Nobody else says when they are live: having been asked is all that can be known.
      if (secrets === null) return items.stream;
      const late = setTimeout(() => items.fail(new CallFailure('TIMEOUT', `not live within ${liveMs} ms`)), liveMs);
      try {
        await Promise.race([isOpen, items.failed]);
        return items.stream;
      } finally {
        clearTimeout(late);
      }
    },
    close: (): void => {
      for (const client of clients.values()) client.terminate();
      clients.clear();
    },
  };
};

const socketWith = (headersOf: () => Record<string, string>) =>
  class extends WebSocket {
    constructor(url: string, protocols: string) {
      super(url, protocols, {
        headers: headersOf(),
        handshakeTimeout: handshakeMs,
        maxPayload: frameBytes,
        perMessageDeflate: false,
        followRedirects: false,
      });
    }
  };

/** A ping that is not answered by the time the next is due: whoever was there is gone. */
const watchPongs = (client: () => Client) => {
  let waiting: NodeJS.Timeout | undefined;
  return {
    ping: (received: boolean) => {
      if (received) return;
      clearTimeout(waiting);
      waiting = setTimeout(() => client().terminate(), pingMs).unref();
    },
    pong: (received: boolean) => {
      if (received) clearTimeout(waiting);
    },
  };
};

/** A refusal in the subgraph's own words; anything else is a connection that ended. */
const toReason = (error: unknown): Error => {
  if (Array.isArray(error)) {
    const { message, extensions } = (error as GraphQLFormattedError[])[0] ?? { message: 'refused' };
    return new GraphQLError(String(message), { extensions: extensions ?? {} });
  }
  const { code, message } = error as { code?: unknown; message?: unknown };
  const refused = typeof message === 'string' && /\b(401|403)\b/.test(message);
  const kind = refused ? 'REFUSED' : typeof code === 'number' ? 'RESET' : 'UNREACHABLE';
  return new CallFailure(kind, `the socket ended: ${String(code ?? '')} ${String(message ?? '')}`);
};
