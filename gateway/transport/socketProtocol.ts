import { randomUUID } from 'node:crypto';
import { type DocumentNode, GraphQLError, type GraphQLFormattedError } from 'graphql';
import { type Context, makeServer } from 'graphql-ws';
import type { Caller } from '../access/authenticate.ts';
import { watchCredential } from '../access/watchCredential.ts';
import { type AdmittedOperation, assertMayBegin } from '../admission/admit.ts';
import type { Call } from '../calls/subgraphRequest.ts';
import { refusal, statusOf } from '../errors.ts';
import type { BoundedSocket } from './boundedSocket.ts';
import { forwardedHeaders } from './forwardedHeaders.ts';
import type { SocketParts } from './subscriptions.ts';

/** What one socket holds beside graphql-ws's own state. */
export type Session = {
  readonly id: string;
  readonly peer: string;
  readonly socket: BoundedSocket;
  readonly gone: AbortController;
  caller: Caller;
  stopWatching: () => void;
  /** Sends the ready JSON of an answer to the operation graphql-ws knows by this id. */
  sendAnswer(operationId: string, json: Buffer): void;
};
type Ws = Context<Record<string, unknown>, Session>;

/** An operation that passed everything and is about to run: rides through graphql-ws as its execution arguments. */
type Started = {
  readonly admitted: AdmittedOperation;
  readonly call: Call;
  /** Sends one answer, past graphql-ws: it would write each answer anew for each of its readers. */
  readonly send: (json: Buffer) => void;
};

/** graphql-transport-ws as graphql-ws speaks it, operations admitted and run as over HTTP. */
export const createSocketProtocol = (parts: SocketParts) => {
  const { config, admission, observe, authenticate, revocations, readLive, run, mask } = parts;
  const { limits } = config;

  const connect = async ({ connectionParams, extra }: Ws): Promise<boolean> => {
    const authorization = connectionParams?.['authorization'] ?? connectionParams?.['Authorization'];
    if (authorization === undefined || authorization === null) return true;
    if (typeof authorization !== 'string') return false;
    const check = (): Promise<Caller> => authenticate(authorization, { actor: null, requestId: extra.id });
    try {
      extra.caller = await check();
    } catch (error) {
      if (error instanceof GraphQLError && statusOf(error) === 401) return false;
      extra.socket.close(1013, 'try again later');
      return false;
    }
    extra.stopWatching = watchCredential(extra.caller, check, revocations, () => extra.socket.close(4403, 'Forbidden'));
    return true;
  };

  /** Everything HTTP does before it runs an operation, in the same order. Throws a refusal. */
  const start = async (
    ctx: Ws,
    payload: Readonly<Record<string, unknown>>,
    { requestId, observed }: Pick<Call, 'requestId' | 'observed'>,
  ): Promise<{ readonly admitted: AdmittedOperation; readonly call: Call }> => {
    const { caller, gone, peer } = ctx.extra;
    if (Object.keys(ctx.subscriptions).length > limits.subscriptionsPerSocket)
      throw refusal(
        'TOO_MANY_SUBSCRIPTIONS',
        `A socket carries at most ${limits.subscriptionsPerSocket} operations at once.`,
        429,
      );
    const call: Call = {
      actor: caller.actor,
      requestId,
      peer,
      observed,
      headers: forwardedHeaders(config.forwardHeaders, ctx.connectionParams),
      signal: gone.signal,
    };
    const found = await admission.find(payload, caller, call);
    if (found === undefined) throw refusal('BAD_REQUEST', 'A query, or the documentId of one, must be given.');
    const admitted = await admission.admit(found, payload['variables'], call);
    assertMayBegin(admitted);
    // A mutation runs to its end, whoever leaves.
    const signal = found.operation.node.operation === 'mutation' ? undefined : call.signal;
    return { admitted, call: { ...call, signal } };
  };

  return makeServer<Record<string, unknown>, Session>({
    connectionInitWaitTimeout: limits.initTimeoutMs,
    onConnect: connect,
    onSubscribe: async (ctx, id, payload) => {
      const requestId = `${ctx.extra.id}.${randomUUID().slice(0, 8)}`;
      const observed = observe({ requestId, transport: 'websocket' });
      try {
        const { admitted, call } = await start(ctx, { ...payload }, { requestId, observed });
        const started: Started = { admitted, call, send: (json) => ctx.extra.sendAnswer(id, json) };
        return { schema: admitted.engine.loaded.schema, document: documentOf(admitted), contextValue: started };
      } catch (error) {
        observed.end();
        // An error message, never a throw: that would close the socket and every other subscription on it (E16).
        return [error instanceof GraphQLError ? error : new GraphQLError('', { originalError: toError(error) })];
      }
    },
    execute: ({ contextValue }) => {
      const { admitted, call, send } = contextValue as Started;
      const answer = async (): Promise<void> => {
        try {
          send((await run(admitted, call)).json);
        } catch (error) {
          send(Buffer.from(JSON.stringify({ data: null, errors: [mask(error, { requestId: call.requestId })] })));
        } finally {
          call.observed?.end();
        }
      };
      return endOf(answer(), () => {});
    },
    subscribe: ({ contextValue }) => {
      const { admitted, call, send } = contextValue as Started;
      const { over, leave } = readLive(admitted, call, send);
      return endOf(over, leave);
    },
    onError: (ctx, _id, _payload, errors): GraphQLFormattedError[] =>
      errors.map((error) => mask(innermost(error), { requestId: ctx.extra.id })),
  });
};

const documentOf = ({ operation: { node, document } }: AdmittedOperation): DocumentNode => ({
  ...document.document,
  definitions: [node, ...document.fragments.values()],
});

/** Yields nothing: the answers go out beside it. graphql-ws learns from it when to say `complete` or `error`. */
const endOf = (over: Promise<void>, leave: () => void): AsyncIterableIterator<never> => ({
  [Symbol.asyncIterator]() {
    return this;
  },
  next: async () => {
    await over;
    return { value: undefined, done: true };
  },
  return: async () => {
    leave();
    return { value: undefined, done: true };
  },
});

const toError = (value: unknown): Error => (value instanceof Error ? value : new Error(String(value)));

/** graphql-ws wraps what a stream threw. */
const innermost = (error: GraphQLError): unknown => error.originalError ?? error;
