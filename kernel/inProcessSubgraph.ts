import { randomUUID } from 'node:crypto';
import {
  type DocumentNode,
  type ExecutionResult,
  execute,
  GraphQLError,
  type GraphQLFormattedError,
  type GraphQLSchema,
  parse,
  subscribe,
  validate,
} from 'graphql';
import { LRUCache } from 'lru-cache';
import type { Log } from './log.ts';
import { operationRules } from './operationRules.ts';
import type { Subgraph, SubgraphRequest, SubgraphResult } from './subgraph.ts';

/**
 * Errors as callers may see them. A GraphQLError that a resolver threw on purpose (it has our code) passes; anything
 * else is a bug or an outage: a fixed sentence and an errorId, the details in our log only.
 */
export const maskError = (error: GraphQLError, log: Log, request: SubgraphRequest): GraphQLFormattedError => {
  // Without a path it is about the request, not about what a resolver did.
  if (error.extensions['code'] !== undefined || error.path === undefined) return error.toJSON();
  const thrown = error.originalError ?? error;
  const errorId = randomUUID();
  log.error({ err: thrown, errorId, requestId: request.requestId, path: error.path }, 'unexpected error');
  return {
    message: 'Something went wrong on our side.',
    ...(error.path ? { path: error.path } : {}),
    extensions: { code: 'INTERNAL_SERVER_ERROR', errorId },
  };
};

/** Runs a subgraph's schema in this process: parsed and validated once per text, no network, no serialisation. */
export const inProcessSubgraph = <Context extends object>(options: {
  name: string;
  schema: GraphQLSchema;
  context: (request: SubgraphRequest) => Context;
  log: Log;
}): Subgraph => {
  const { name, schema, log } = options;
  const documents = new LRUCache<string, DocumentNode | readonly GraphQLError[]>({ max: 1000 });
  const documentOf = (query: string): DocumentNode | readonly GraphQLError[] => {
    const known = documents.get(query);
    if (known !== undefined) return known;
    let document: DocumentNode | readonly GraphQLError[];
    try {
      document = parse(query, { noLocation: true });
      const errors = validate(schema, document, operationRules);
      if (errors.length > 0) document = errors;
    } catch (error) {
      document = [error as GraphQLError];
    }
    documents.set(query, document);
    return document;
  };
  const isDocument = (found: DocumentNode | readonly GraphQLError[]): found is DocumentNode => 'kind' in found;
  const argumentsOf = (request: SubgraphRequest, document: DocumentNode) => ({
    schema,
    document,
    operationName: request.operationName,
    variableValues: request.variables,
    contextValue: options.context(request),
  });
  const toResult = (result: ExecutionResult, request: SubgraphRequest): SubgraphResult => ({
    ...(result.data === undefined ? {} : { data: result.data }),
    ...(result.errors ? { errors: result.errors.map((error) => maskError(error, log, request)) } : {}),
  });
  return {
    name,
    execute: async (request) => {
      const document = documentOf(request.query);
      if (!isDocument(document)) return { errors: document.map((error) => error.toJSON()) };
      return toResult(await execute(argumentsOf(request, document)), request);
    },
    subscribe: async (request) => {
      const document = documentOf(request.query);
      if (!isDocument(document)) throw document[0] ?? new GraphQLError('The subscription is not valid.');
      const stream = await subscribe(argumentsOf(request, document));
      if (!(Symbol.asyncIterator in stream)) {
        const [error] = toResult(stream, request).errors ?? [];
        throw new GraphQLError(error?.message ?? 'The subscription was refused.', {
          extensions: error?.extensions ?? {},
        });
      }
      return mapped(stream, (result) => toResult(result, request));
    },
  };
};

/** `return` reaches the source at once, also while a `next` is pending: that is what frees its listeners. */
const mapped = <T, R>(source: AsyncGenerator<T, void, void>, map: (value: T) => R): AsyncIterableIterator<R> => ({
  [Symbol.asyncIterator]() {
    return this;
  },
  next: async () => {
    const { value, done } = await source.next();
    return done ? { value: undefined, done: true } : { value: map(value as T), done: false };
  },
  return: async () => {
    await source.return();
    return { value: undefined, done: true };
  },
});
