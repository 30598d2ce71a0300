import { randomUUID } from 'node:crypto';
import {
  type ExecutionResult,
  GraphQLError,
  type GraphQLErrorExtensions,
  type GraphQLFormattedError,
  type GraphQLSchema,
} from 'graphql';
import type { Log } from './log.ts';
import { mappedStream } from './mappedStream.ts';
import { createOperations, type Operation } from './operations.ts';
import { isOutage, outageExtensions, outageMessage } from './outage.ts';
import type { Subgraph, SubgraphRequest, SubgraphResult } from './subgraph.ts';

/**
 * Errors as callers may see them. A GraphQLError that a resolver threw on purpose (it has our code) passes; anything
 * else is an outage, which passes, or a bug: a fixed sentence and an errorId, the details in our log only.
 */
export const maskError = (error: GraphQLError, log: Log, request: SubgraphRequest): GraphQLFormattedError => {
  // graphql-jit leaves extensions out where there are none.
  const extensions = error.extensions as GraphQLErrorExtensions | undefined;
  // Without a path it is about the request, not about what a resolver did.
  if (extensions?.['code'] !== undefined || error.path === undefined) {
    const { locations, ...shown } = error.toJSON();
    return locations?.length ? { ...shown, locations } : shown;
  }
  const thrown = error.originalError ?? error;
  const errorId = randomUUID();
  const path = error.path ? { path: error.path } : {};
  const details = { err: thrown, errorId, requestId: request.requestId, ...path };
  if (isOutage(thrown)) {
    log.warn(details, 'a store or a service is away');
    return { message: outageMessage, ...path, extensions: outageExtensions(errorId) };
  }
  log.error(details, 'unexpected error');
  return {
    message: 'Something went wrong on our side.',
    ...path,
    extensions: { code: 'INTERNAL_SERVER_ERROR', errorId },
  };
};

/** Runs a subgraph's schema in this process: prepared once per text, no network, no serialisation. */
export const inProcessSubgraph = <Context extends object>(options: {
  name: string;
  schema: GraphQLSchema;
  context: (request: SubgraphRequest) => Context;
  log: Log;
}): Subgraph => {
  const { name, schema, context, log } = options;
  const operations = createOperations(schema);
  const isOperation = (found: Operation | readonly GraphQLError[]): found is Operation => 'execute' in found;
  const toResult = (result: ExecutionResult, request: SubgraphRequest): SubgraphResult => ({
    ...(result.data === undefined ? {} : { data: result.data }),
    ...(result.errors?.length ? { errors: result.errors.map((error) => maskError(error, log, request)) } : {}),
  });
  return {
    name,
    execute: async (request) => {
      const operation = operations.find(request.query, request.operationName);
      if (!isOperation(operation)) return { errors: operation.map((error) => error.toJSON()) };
      return toResult(await operation.execute(context(request), request.variables), request);
    },
    subscribe: async (request) => {
      const operation = operations.find(request.query, request.operationName);
      if (!isOperation(operation)) throw operation[0] ?? new GraphQLError('The subscription is not valid.');
      const stream = await operation.subscribe(context(request), request.variables);
      if (!(Symbol.asyncIterator in stream)) {
        const [error] = toResult(stream, request).errors ?? [];
        throw new GraphQLError(error?.message ?? 'The subscription was refused.', {
          extensions: error?.extensions ?? {},
        });
      }
      return mappedStream(stream, (result) => toResult(result, request));
    },
  };
};
