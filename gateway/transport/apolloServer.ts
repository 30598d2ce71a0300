import { ApolloServer, type ApolloServerPlugin } from '@apollo/server';
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginInlineTraceDisabled,
  ApolloServerPluginLandingPageDisabled,
  ApolloServerPluginSchemaReportingDisabled,
  ApolloServerPluginUsageReportingDisabled,
} from '@apollo/server/plugin/disabled';
import { GraphQLError } from 'graphql';
import { withoutInput } from '../admission/wording.ts';
import type { GatewayConfig } from '../config.ts';
import type { Mask } from '../errors.ts';
import type { Log } from '../log.ts';
import { ClientError, type CompilingGateway, type RequestContext } from '../planning/apolloGateway.ts';
import type { DocumentsInHand } from './documentsInHand.ts';
import { answersFrom } from './readyAnswers.ts';

/**
 * Apollo Server, for what it knows of GraphQL over HTTP: CSRF, methods, media types, status codes. It takes documents
 * from ours (parsed, measured and validated before it is asked), so HTTP and WebSocket refuse exactly the same ones.
 */
export const createApolloServer = (
  gateway: CompilingGateway,
  { production, limits }: GatewayConfig,
  mask: Mask,
  log: Log,
  inHand: DocumentsInHand,
): ApolloServer<RequestContext> =>
  new ApolloServer<RequestContext>({
    gateway,
    logger: toLogger(log),
    nodeEnv: production ? 'production' : 'development',
    // Refused with our documents; here only for a document that never came through them.
    introspection: true,
    parseOptions: { maxTokens: limits.operation.tokens },
    csrfPrevention: true,
    allowBatchedHttpRequests: false,
    // Ours are resolved before (persistedDocuments.ts); none of a client's hashes comes this far.
    persistedQueries: {
      cache: { get: async (key) => inHand.text(key), set: async () => {}, delete: async () => {} },
    },
    hideSchemaDetailsFromClientErrors: true,
    includeStacktraceInErrorResponses: false,
    stopOnTerminationSignals: false,
    documentStore: {
      get: async (key) => inHand.document(key),
      set: async () => {},
      delete: async () => {},
    },
    formatError: (formatted, error) => {
      if (error instanceof ClientError) return formatted;
      const { message, extensions, ...place } = mask(
        error instanceof GraphQLError ? error : new GraphQLError(formatted.message),
      );
      return { message: withoutInput(message), ...place, extensions: { ...extensions } };
    },
    plugins: [answersFrom(gateway), ...withoutExtras()],
  });

const withoutExtras = (): ApolloServerPlugin<RequestContext>[] => [
  ApolloServerPluginLandingPageDisabled(),
  ApolloServerPluginCacheControlDisabled(),
  ApolloServerPluginInlineTraceDisabled(),
  ApolloServerPluginUsageReportingDisabled(),
  ApolloServerPluginSchemaReportingDisabled(),
];

const toLogger = (log: Log) => {
  const write = (level: keyof Log) => (message?: unknown) => log[level]({ from: '@apollo/server' }, String(message));
  return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
};
