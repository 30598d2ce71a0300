import { hash as hashText } from 'node:crypto';
import { operationRules } from '@parley/kernel/operationRules';
import {
  type ASTVisitor,
  type DocumentNode,
  type FragmentDefinitionNode,
  GraphQLError,
  type GraphQLSchema,
  Kind,
  type OperationDefinitionNode,
  parse,
  type ValidationContext,
  type ValidationRule,
  validate,
} from 'graphql';
import { LRUCache } from 'lru-cache';
import type { Fragments } from '../access/authorize.ts';
import { refusal } from '../errors.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { findBrokenLimit, limitExceeded, type OperationLimits } from './limits.ts';
import { withoutInput } from './wording.ts';

/** A document that parsed, is within the limits and is valid. */
export type Document = {
  readonly hash: string;
  readonly document: DocumentNode;
  readonly operations: readonly OperationDefinitionNode[];
  readonly fragments: Fragments;
};

export type Documents = {
  /** Parses, measures and validates once per text, and tells of it; a refused text is as cheap the second time. */
  prepare(query: string, isNew?: (bytes: number) => void): Document | GraphQLError;
  /** One already prepared, by the sha256 of its text. */
  byHash(hash: string): Document | undefined;
};

/** Of longer strings V8’s own hash is no more than their length: a Map would compare all of one length. */
const shortText = 4096;

export const createDocuments = (
  schema: GraphQLSchema,
  options: {
    limits: OperationLimits;
    introspection: boolean;
    most: number;
    metrics?: Pick<Metrics, 'documents'> | null | undefined;
  },
): Documents => {
  const rules = [...(options.introspection ? [] : [noIntrospection]), ...operationRules];
  const known = new LRUCache<string, Document | GraphQLError>({ max: options.most });
  const hashes = new LRUCache<string, string>({ max: options.most });
  const hashOf = (query: string): string => {
    const known = hashes.get(query);
    if (known !== undefined) return known;
    // Not createHash: its objects outlive every minor collection.
    const hash = hashText('sha256', query);
    if (query.length <= shortText) hashes.set(query, hash);
    return hash;
  };

  const build = (query: string, hash: string): Document | GraphQLError => {
    const document = parseWithin(query, options.limits);
    if (document instanceof GraphQLError) return document;
    const broken = findBrokenLimit(document, options.limits);
    if (broken) return broken;
    // graphql-js reports one error more than asked for, saying that it stopped.
    const [invalid] = validate(schema, document, rules, { maxErrors: 1 });
    if (invalid) return asRefusal(invalid, 'GRAPHQL_VALIDATION_FAILED');
    const fragments = new Map<string, FragmentDefinitionNode>();
    const operations: OperationDefinitionNode[] = [];
    for (const definition of document.definitions) {
      if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
      else if (definition.kind === Kind.OPERATION_DEFINITION) operations.push(definition);
    }
    return { hash, document, operations, fragments };
  };

  return {
    prepare: (query, isNew) => {
      const bytes = Buffer.byteLength(query);
      if (bytes > options.limits.queryBytes) return limitExceeded('queryBytes', options.limits);
      // As UTF-8, which hashes are of, it would be another text.
      if (!query.isWellFormed()) return refusal('GRAPHQL_PARSE_FAILED', 'The document holds half of a surrogate pair.');
      const hash = hashOf(query);
      const cached = known.get(hash);
      options.metrics?.documents.inc({ cache: cached ? 'hit' : 'miss' });
      if (cached) return cached;
      isNew?.(bytes);
      const built = build(query, hash);
      known.set(hash, built);
      return built;
    },
    byHash: (hash) => {
      const document = known.get(hash);
      return document instanceof GraphQLError ? undefined : document;
    },
  };
};

/** The operation a request names, by the rules of GetOperation (spec §6.1). */
export const findOperation = (
  { operations }: Document,
  name: string | null | undefined,
): OperationDefinitionNode | GraphQLError => {
  if (name === undefined || name === null || name === '') {
    const [only, another] = operations;
    if (only && !another) return only;
    return refusal(
      'OPERATION_RESOLUTION_FAILURE',
      'Must provide operation name if query contains multiple operations.',
    );
  }
  return (
    operations.find((operation) => operation.name?.value === name) ??
    refusal('OPERATION_RESOLUTION_FAILURE', 'Unknown operation name.')
  );
};

const parseWithin = (query: string, limits: OperationLimits): DocumentNode | GraphQLError => {
  try {
    return parse(query, { maxTokens: limits.tokens });
  } catch (error) {
    if (error instanceof RangeError) return limitExceeded('valueDepth', limits);
    if (!(error instanceof GraphQLError)) throw error;
    if (error.message.includes(`more that ${limits.tokens} tokens`)) return limitExceeded('tokens', limits);
    return asRefusal(error, 'GRAPHQL_PARSE_FAILED');
  }
};

const asRefusal = (error: GraphQLError, code: string): GraphQLError =>
  new GraphQLError(withoutInput(error.message), {
    ...(error.source && error.positions ? { source: error.source, positions: error.positions } : {}),
    extensions: { code, ...error.extensions, http: { status: 400 } },
  });

/** Refuses `__schema` and `__type`, also through aliases and fragments (A25). */
const noIntrospection: ValidationRule = (context: ValidationContext): ASTVisitor => ({
  Field: (node) => {
    if (node.name.value === '__schema' || node.name.value === '__type')
      context.reportError(
        new GraphQLError('Introspection is switched off here.', {
          nodes: node,
          extensions: { code: 'INTROSPECTION_DISABLED' },
        }),
      );
  },
});
