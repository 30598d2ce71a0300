import type { IncomingMessage } from 'node:http';
import { GraphQLError } from 'graphql';
import { LRUCache } from 'lru-cache';
import { statusOf } from '../errors.ts';

const modern = 'application/graphql-response+json';

/** The answer to such a request may only be `application/json`, because its client said so and nothing newer. */
const asksForPlainJson = ({ headers: { accept = '' } }: IncomingMessage): boolean =>
  accept.includes('application/json') && !accept.includes(modern);

/** Refusals of ours come in the media type Apollo Server's would: what the client likes best, or likes first (A30). */
export const mediaTypeFor = ({ headers: { accept = '' } }: IncomingMessage): Record<string, string> => {
  const [best] = accept
    .split(',')
    .map((range) => {
      const [type = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
      const quality = parameters.find((parameter) => parameter.startsWith('q='));
      return { type, quality: quality === undefined ? 1 : Number(quality.slice(2)) };
    })
    .filter(({ type, quality }) => (type === modern || type === 'application/json') && quality > 0)
    .sort((a, b) => b.quality - a.quality);
  return best?.type === modern ? { 'content-type': `${modern}; charset=utf-8` } : {};
};

const acceptsKept = 100;
const longestAccept = 500;

/**
 * What Apollo Server chose for each Accept header before. There are few of them, and to choose costs about as much as all
 * else it does for a request.
 */
export const createChosenMediaTypes = () => {
  const chosen = new LRUCache<string, string>({ max: acceptsKept });
  return {
    chosenFor: ({ headers: { accept } }: IncomingMessage): string | null =>
      accept === undefined ? null : (chosen.get(accept) ?? null),
    learn: ({ headers: { accept } }: IncomingMessage, mediaType: string | undefined): void => {
      if (accept !== undefined && mediaType !== undefined && accept.length <= longestAccept)
        chosen.set(accept, mediaType);
    },
  };
};

/** What the specification calls a request error: of a document, or of the variables for it. */
const requestErrors: ReadonlySet<unknown> = new Set([
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'OPERATION_RESOLUTION_FAILURE',
  'BAD_USER_INPUT',
]);

/**
 * The error with the status its media type wants (GraphQL over HTTP §6.4): as `application/json` a well-formed request
 * whose document is wrong is answered with 200, since there a client takes 4xx for a proxy's answer and not for GraphQL's.
 */
export const withAcceptedStatus = (request: IncomingMessage, error: unknown): unknown =>
  error instanceof GraphQLError &&
  statusOf(error) === 400 &&
  requestErrors.has(error.extensions['code']) &&
  asksForPlainJson(request)
    ? new GraphQLError(error.message, {
        nodes: error.nodes ?? null,
        source: error.source ?? null,
        positions: error.positions ?? null,
        path: error.path ?? null,
        extensions: { ...error.extensions, http: { status: 200 } },
      })
    : error;
