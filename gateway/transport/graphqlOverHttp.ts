import type { IncomingMessage, ServerResponse } from 'node:http';
import { type ApolloServer, HeaderMap } from '@apollo/server';
import { GraphQLError } from 'graphql';
import { type Authenticate, unauthenticated } from '../access/authenticate.ts';
import type { Revocations } from '../access/revocations.ts';
import { watchCredential } from '../access/watchCredential.ts';
import { type Admission, assertMayBegin, type FoundOperation } from '../admission/admit.ts';
import type { DocumentReference } from '../admission/persistedDocuments.ts';
import { type Mask, refusal, statusOf } from '../errors.ts';
import { isObject } from '../execution/ownKeys.ts';
import type { Exchange, RequestContext } from '../planning/apolloGateway.ts';
import type { ObserveHttp } from '../telemetry/observeHttp.ts';
import { createChosenMediaTypes, mediaTypeFor, withAcceptedStatus } from './acceptedMedia.ts';
import type { DocumentsInHand } from './documentsInHand.ts';
import { forwardedHeaders } from './forwardedHeaders.ts';
import type { GraphqlHandler } from './httpServer.ts';
import { answerRefused, type LiveResponses } from './liveResponses.ts';
import type { PeerAddress } from './peerAddress.ts';
import { readJsonBody } from './readBody.ts';
import { searchOf, sendError } from './responses.ts';
import { streamFormatFor } from './streamFormats.ts';

export type HttpHandlerParts = {
  readonly apollo: ApolloServer<RequestContext>;
  readonly inHand: DocumentsInHand;
  readonly admission: Admission;
  readonly authenticate: Authenticate;
  readonly revocations: Revocations;
  readonly live: LiveResponses;
  readonly mask: Mask;
  readonly bodyBytes: number;
  readonly peerAddress: PeerAddress;
  readonly observe: ObserveHttp;
  readonly forwardHeaders: readonly string[];
};

/** One GraphQL request over HTTP: who, which document, may it; then Apollo Server, whose executor is ours. */
export const createGraphqlHandler = (parts: HttpHandlerParts): GraphqlHandler => {
  const mediaTypes = createChosenMediaTypes();
  return async (request, response, requestId) => {
    const { apollo, inHand, admission, authenticate, live, revocations, mask, bodyBytes, forwardHeaders } = parts;
    const asked = streamFormatFor(request);
    const transport = asked?.isOnly === false ? 'http' : (asked?.format.transport ?? 'http');
    const observed = parts.observe(request, response, requestId, transport);
    const peer = parts.peerAddress(request);
    // An answer depends on who asks: no cache may hold it for another (A28, J09).
    response.setHeader('cache-control', 'no-store');
    response.appendHeader('vary', 'authorization');
    try {
      const gone = new AbortController();
      response.once('close', () => {
        if (!response.writableFinished) gone.abort();
      });
      const authorization = oneAuthorization(request);
      const identify = () => authenticate(authorization, { actor: null, requestId });
      const caller = await identify();
      const body = await readJsonBody(request, bodyBytes);
      const search = new URLSearchParams(searchOf(request));
      const reference =
        request.method === 'GET' ? referenceIn(search) : { ...documentIdIn(search), ...(isObject(body) ? body : {}) };
      const found = await admission.find(reference, caller, { actor: null, requestId, peer, observed });
      // What a mutation has begun it finishes: breaking off half way would leave its outcome unknown to everyone.
      const signal = found?.operation.node.operation === 'query' ? gone.signal : undefined;
      const headers = forwardedHeaders(forwardHeaders, request.headers);
      const call = { actor: caller.actor, requestId, peer, headers, signal, observed };
      if (asked && found && (asked.isOnly || found.operation.node.operation === 'subscription')) {
        assertSafeMethod(request, found);
        const variables = request.method === 'GET' ? variablesInSearch(search) : variablesIn(body);
        const admitted = await admission.admit(found, variables, call);
        assertMayBegin(admitted);
        return live.answer({ response, format: asked.format }, admitted, call, (onEnd) =>
          watchCredential(caller, identify, revocations, onEnd),
        );
      }
      const exchange: Exchange = {
        call,
        admit: found
          ? (variables) =>
              admission.admit(found, variables, call).catch((error: unknown) => {
                throw withAcceptedStatus(request, error);
              })
          : null,
        json: null,
        mediaType: mediaTypes.chosenFor(request),
        result: null,
      };
      const held: RequestContext['held'] = { exchange };
      if (found) inHand.take(found);
      const answer = await apollo
        .executeHTTPGraphQLRequest({
          httpGraphQLRequest: {
            method: request.method ?? 'POST',
            headers: headersOf(request),
            search: request.method === 'GET' ? withQuery(search, found?.query) : '',
            body: isObject(body) ? withHash(body, found?.operation.document.hash) : (body ?? ''),
          },
          context: async () => ({ held }),
        })
        .finally(() => {
          held.exchange = null;
          if (found) inHand.release(found);
        });
      if (exchange.json !== null) mediaTypes.learn(request, answer.headers.get('content-type'));
      send(response, answer, exchange.json);
    } catch (thrown) {
      const error = withAcceptedStatus(request, thrown);
      if (!(error instanceof GraphQLError)) throw error;
      if (asked?.isOnly && isOfTheOperation(error))
        return answerRefused(response, asked.format, [mask(error, { requestId })]);
      // A refusal may come before the body was read; the rest of it is not waited for.
      if (!request.complete) response.setHeader('connection', 'close');
      sendError(response, error, mask, mediaTypeFor(request));
    }
  };
};

/** Clients of event streams take every status but 200 for the network's doing, and try again: no use where asking so is wrong. */
const isOfTheOperation = (error: GraphQLError): boolean => [400, 403, 404].includes(statusOf(error));

/** GraphQL over HTTP §6.2: what changes something is never done by GET. */
const assertSafeMethod = ({ method }: IncomingMessage, { operation }: FoundOperation): void => {
  if (method === 'GET' && operation.node.operation === 'mutation')
    throw refusal('METHOD_NOT_ALLOWED', 'A mutation is sent by POST.', 405);
};

const variablesInSearch = (search: URLSearchParams): unknown => {
  const text = search.get('variables');
  if (text === null) return undefined;
  const variables = jsonOr(text);
  if (variables === undefined) throw refusal('BAD_REQUEST', 'The variables in the URL are not valid JSON.');
  return variables;
};

const variablesIn = (body: unknown): unknown => (isObject(body) ? body['variables'] : undefined);

/** Node keeps the first of two Authorization headers in silence; whoever sends two is refused (G46). */
const oneAuthorization = ({ headersDistinct, headers }: IncomingMessage): string | undefined => {
  if ((headersDistinct['authorization']?.length ?? 0) > 1) throw unauthenticated();
  return headers.authorization;
};

const referenceIn = (search: URLSearchParams): DocumentReference & { operationName?: string } => {
  const one = (name: string): string | undefined =>
    search.getAll(name).length === 1 ? (search.get(name) ?? undefined) : undefined;
  const [query, documentId, extensions, operationName] = [
    one('query'),
    one('documentId'),
    one('extensions'),
    one('operationName'),
  ];
  return {
    ...(query === undefined ? {} : { query }),
    ...(documentId === undefined ? {} : { documentId }),
    ...(operationName === undefined ? {} : { operationName }),
    ...(extensions === undefined ? {} : { extensions: jsonOr(extensions) }),
  };
};

/** A POST may name its document in the URL, and have only variables in its body. */
const documentIdIn = (search: URLSearchParams): DocumentReference => {
  if (search.size === 0) return {};
  const { documentId } = referenceIn(search);
  return documentId === undefined ? {} : { documentId };
};

const jsonOr = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** However a client named its document, Apollo Server gets its hash: see `DocumentsInHand`. */
const withHash = (body: Record<string, unknown>, sha256Hash: string | undefined): Record<string, unknown> => {
  const { documentId: _documentId, ...rest } = body;
  const { extensions } = rest;
  const others = isObject(extensions) ? withoutHash(extensions) : extensions;
  if (sha256Hash === undefined) return others === undefined ? rest : { ...rest, extensions: others };
  const { query: _query, ...named } = rest;
  // Of misshapen ones Apollo Server says what is wrong with them.
  if (others !== undefined && others !== null && !isObject(others)) return named;
  return { ...named, extensions: { ...others, persistedQuery: { version: 1, sha256Hash } } };
};

const withoutHash = ({ persistedQuery: _persistedQuery, ...others }: Record<string, unknown>) => others;

/** A URL has the text, and no hash of the client's either. */
const withQuery = (search: URLSearchParams, query: string | undefined): string => {
  const named = referenceIn(search);
  if (query !== undefined && named.query !== query) {
    search.set('query', query);
    search.delete('documentId');
    search.delete('extensions');
  } else if (isObject(named.extensions)) {
    search.set('extensions', JSON.stringify(withoutHash(named.extensions)));
  }
  return `?${search}`;
};

const headersOf = ({ headers }: IncomingMessage): HeaderMap => {
  const map = new HeaderMap();
  for (const [name, value] of Object.entries(headers))
    if (value !== undefined) map.set(name, Array.isArray(value) ? value.join(', ') : value);
  return map;
};

type Answer = Awaited<ReturnType<ApolloServer<RequestContext>['executeHTTPGraphQLRequest']>>;

/** How Apollo Server writes the empty data it was given in place of what is ready. */
const emptyData = '{"data":{}';

/** The ready bytes, followed by what was added to them on the way (extensions). */
const toBytes = (text: string, ready: Buffer | null): Buffer => {
  if (ready === null || !text.startsWith(emptyData)) return Buffer.from(text);
  const added = text.slice(emptyData.length).trimEnd();
  return added === '}' ? ready : Buffer.concat([ready.subarray(0, -1), Buffer.from(added)]);
};

const send = (response: ServerResponse, { status, headers, body }: Answer, ready: Buffer | null): void => {
  if (response.destroyed) return;
  if (body.kind !== 'complete') throw new Error('an answer in parts, which nothing here asked for');
  const bytes = toBytes(body.string, ready);
  for (const [name, value] of headers) if (name !== 'cache-control') response.setHeader(name, value);
  response.writeHead(status ?? 200, { 'content-length': bytes.length });
  response.end(bytes);
};
