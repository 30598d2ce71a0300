import { type Dispatcher, Pool, errors as undiciErrors } from 'undici';
import { CallFailure } from './callFailure.ts';
import { type CallSecrets, signCall } from './callProof.ts';
import { readCapped } from './readCapped.ts';
import type { Subgraph, SubgraphRequest, SubgraphResult } from './subgraph.ts';
import { parseSubgraphAddress } from './subgraphAddress.ts';
import { createSubscriptionClient } from './subscriptionClient.ts';

export type HttpSubgraphOptions = {
  readonly name: string;
  /** See parseSubgraphAddress. */
  readonly url: string;
  /** What calls are signed with; null for a subgraph that is not ours and takes plain GraphQL over HTTP. */
  readonly secrets: CallSecrets | null;
  readonly answerBytes?: number;
  readonly connections?: number;
};
export type HttpSubgraph = Subgraph & { close(): Promise<void> };

const connectMs = 2000;
/** The caller's own deadline comes first; this is for one that has none. */
const silenceMs = 60_000;
const jsonType = /^application\/(?:graphql-response\+)?json\b/i;

/**
 * Calls a subgraph over keep-alive HTTP, one request at a time on a connection, and its subscriptions over one
 * graphql-ws socket. Redirects are not followed, answers are read up to `answerBytes`, and a signed call's answer must be
 * signed.
 */
export const httpSubgraph = (options: HttpSubgraphOptions): HttpSubgraph => {
  const { name, url, secrets, answerBytes = 16 * 1024 * 1024, connections = 64 } = options;
  const address = parseSubgraphAddress(url);
  const pool = new Pool(address.origin, {
    connections,
    pipelining: 1,
    connect: { timeout: connectMs, ...(address.socketPath === null ? {} : { socketPath: address.socketPath }) },
    headersTimeout: silenceMs,
    bodyTimeout: silenceMs,
    keepAliveMaxTimeout: 60_000,
  });
  const socket = createSubscriptionClient({ name, address, secrets });

  const send = async (body: string, headers: Record<string, string>, signal: AbortSignal | undefined) => {
    try {
      return await pool.request({
        method: 'POST',
        path: address.path,
        headers,
        body,
        ...(signal ? { signal } : {}),
      });
    } catch (error) {
      throw toFailure(error, signal);
    }
  };

  return {
    name,
    execute: async (request) => {
      const { query, operationName, variables, signal } = request;
      const body = JSON.stringify({ query, operationName, variables });
      const signed = secrets === null ? null : signCall(secrets, callOf(name, 'POST', address.path, request), body);
      const answer = await send(body, { ...baseHeaders, ...(signed?.proof ?? plainHeaders(request)) }, signal);
      const { statusCode } = answer;
      assertStatus(answer);
      const bytes = await readCapped(answer, answerBytes).catch((error: unknown) => {
        throw toFailure(error, signal);
      });
      if (signed && !signed.isAnswer(answer.headers['parley-proof'], statusCode, bytes))
        throw new CallFailure('TAMPERED', 'the answer is not signed as it should be');
      return parseAnswer(bytes);
    },
    subscribe: (request) => socket.subscribe(request),
    close: async () => {
      socket.close();
      await pool.destroy();
    },
  };
};

const baseHeaders = {
  'content-type': 'application/json',
  accept: 'application/graphql-response+json, application/json;q=0.9',
};

const plainHeaders = ({ headers, requestId }: SubgraphRequest): Record<string, string> => ({
  ...headers,
  'x-request-id': requestId,
});

export const callOf = (audience: string, method: string, path: string, { actor, requestId }: SubgraphRequest) => ({
  audience,
  method,
  path,
  actor,
  requestId,
});

/** GraphQL over HTTP answers 200; a response type of its own lets other statuses carry a response too. */
const assertStatus = ({ statusCode, headers, body }: Dispatcher.ResponseData): void => {
  const type = String(headers['content-type'] ?? '');
  const isResponse = /^application\/graphql-response\+json\b/i.test(type) && statusCode >= 400;
  if ((statusCode === 200 && jsonType.test(type)) || (isResponse && statusCode !== 401 && statusCode !== 403)) return;
  body.on('error', () => {}).destroy();
  if (statusCode >= 300 && statusCode < 400) throw new CallFailure('REDIRECT', `status ${statusCode}`);
  if (statusCode === 401 || statusCode === 403) throw new CallFailure('REFUSED', `status ${statusCode}`);
  throw statusCode === 200
    ? new CallFailure('INVALID', `content type ${type.slice(0, 100)}`)
    : new CallFailure('STATUS', `status ${statusCode}`);
};

const parseAnswer = (bytes: Buffer): SubgraphResult => {
  try {
    return JSON.parse(bytes.toString()) as SubgraphResult;
  } catch (error) {
    throw new CallFailure('INVALID', 'the answer is not JSON', { cause: error });
  }
};

const unreachable = new Set(['ECONNREFUSED', 'ENOENT', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH']);

const toFailure = (error: unknown, signal: AbortSignal | undefined): unknown => {
  if (error instanceof CallFailure || signal?.aborted) return error;
  const { code = '', message } = error as NodeJS.ErrnoException;
  if (unreachable.has(code) || error instanceof undiciErrors.ConnectTimeoutError)
    return new CallFailure('UNREACHABLE', message, { cause: error });
  if (error instanceof undiciErrors.HeadersTimeoutError || error instanceof undiciErrors.BodyTimeoutError)
    return new CallFailure('TIMEOUT', message, { cause: error });
  if (error instanceof undiciErrors.SocketError || /^(ECONNRESET|EPIPE)$/.test(code))
    return new CallFailure('RESET', message, { cause: error });
  return new CallFailure('INVALID', message, { cause: error });
};
