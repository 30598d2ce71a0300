import { operationFromDocument } from '@apollo/federation-internals';
import type { PlanNode } from '@apollo/query-planner';
import {
  type DocumentNode,
  executeSync,
  type FieldNode,
  GraphQLError,
  type GraphQLFormattedError,
  Kind,
  type OperationDefinitionNode,
} from 'graphql';
import type { Fragments } from '../access/authorize.ts';
import type { Variables } from '../execution/conditions.ts';
import { type CompileContext, compileRequests, type Step } from '../execution/execute.ts';
import type { DataObject } from '../execution/ownKeys.ts';
import { compileProjection, type Project } from '../execution/project.ts';
import { type RootRequest, toRootRequest } from '../execution/rootFetch.ts';
import { compileWriter, type WriteJson } from '../execution/writeJson.ts';
import { clientKeyOf } from './dataKeys.ts';
import { type PlannedRequest, toRequests, UnsupportedPlan } from './fetchGraph.ts';
import { toIntrospection, toPlannedOperation, withTypenames } from './plannedOperation.ts';
import { type Resumption, toResumable } from './resumption.ts';
import { assertSound } from './soundPlan.ts';
import { prepareFetch } from './splitRequirements.ts';
import type { LoadedSupergraph } from './supergraph.ts';
import { assertReachable } from './unreachable.ts';

/** `stock` leaves the fetching to Apollo's own executor: to compare with, and to rule ours out when something is wrong. */
export type ExecutorKind = 'compiled' | 'stock';

/** Runs a planned document by Apollo's own executor: for plans we do not compile. */
export type StockExecute = (document: DocumentNode) => Step;

/** One operation for one set of granted requirements, ready to run any number of times. */
export type CompiledOperation = {
  readonly refusals: readonly GraphQLFormattedError[];
  readonly project: Project;
  /** The quick way, where all is well; null where there is none. */
  readonly write: WriteJson | null;
  /** Fetches the data of a query or mutation, or what an event of a subscription lacks; null where nothing is fetched. */
  readonly step: Step | null;
  /** Where a subscription's events come from. */
  readonly source: RootRequest | null;
  /** How a subscription is gone on with after an event; null where it cannot be. */
  readonly resumption: Resumption | null;
  readonly introspect: ((variables: Variables) => DataObject) | null;
};

export const compileOperation = (
  loaded: LoadedSupergraph,
  context: CompileContext & { readonly executor?: ExecutorKind },
  stock: StockExecute,
  operation: OperationDefinitionNode,
  fragments: Fragments,
  refused: ReadonlySet<FieldNode>,
  refusals: readonly GraphQLFormattedError[],
  decided: Variables | null,
): CompiledOperation => {
  const project = compileProjection(loaded.schema, operation, fragments, refused, loaded.dataKeyOf);
  const write = compileWriter(loaded.schema, operation, fragments, refused, loaded.dataKeyOf);
  const introspect = compileIntrospection(loaded, operation, fragments);
  const planned = toPlannedOperation(operation, fragments, refused, loaded.dataKeyOf, decided);
  const nothing: CompiledOperation = {
    refusals,
    project,
    write,
    introspect,
    step: null,
    source: null,
    resumption: null,
  };
  if (planned === null) return nothing;

  const resumable = toResumable(loaded.schema, loaded.rules, planned);
  const document: DocumentNode = { kind: Kind.DOCUMENT, definitions: [resumable?.operation ?? planned] };
  const { node } = buildPlan(loaded, document);
  if (!node) {
    assertReachable(planned, []);
    return nothing;
  }
  if (node.kind !== 'Subscription') return { ...nothing, step: compileOrStock(context, stock, planned, node) };
  const { primary, rest } = node;
  const [prepared] = prepareFetch(primary, loaded.fixed);
  const source = prepared ? toRootRequest(context, prepared) : null;
  const resumption = resumable?.resumption ?? null;
  return { ...nothing, source, resumption, step: rest ? compileRequests(context, soundRequests(context, rest)) : null };
};

/** The planner refuses with a GraphQLError what it finds too large; that is the client's business, the rest is ours. */
const buildPlan = (loaded: LoadedSupergraph, document: DocumentNode) => {
  try {
    return loaded.planner.buildQueryPlan(operationFromDocument(loaded.apiSchema, document));
  } catch (error) {
    if (error instanceof GraphQLError && error.extensions['code'] !== undefined)
      throw new GraphQLError(error.message.replaceAll(/\bc__\w+/g, clientKeyOf), {
        extensions: { code: 'OPERATION_TOO_COMPLEX', http: { status: 400 } },
        originalError: error,
      });
    throw error;
  }
};

const soundRequests = (context: CompileContext, node: PlanNode): readonly PlannedRequest[] => {
  const requests = toRequests(node, context);
  assertSound(context, requests);
  return requests;
};

const compileOrStock = (
  context: CompileContext & { readonly executor?: ExecutorKind },
  stock: StockExecute,
  planned: OperationDefinitionNode,
  node: PlanNode,
): Step => {
  const byStock = (): Step => stock({ kind: Kind.DOCUMENT, definitions: [withTypenames(planned)] });
  if (context.executor === 'stock') return byStock();
  try {
    const requests = soundRequests(context, node);
    assertReachable(planned, requests);
    return compileRequests(context, requests);
  } catch (error) {
    if (error instanceof UnsupportedPlan) return byStock();
    throw error;
  }
};

/** Introspection is answered by graphql-js on the public schema, whatever else the operation asks. */
const compileIntrospection = (
  { schema }: LoadedSupergraph,
  operation: OperationDefinitionNode,
  fragments: Fragments,
): CompiledOperation['introspect'] => {
  const introspection = toIntrospection(operation, fragments);
  if (introspection === null) return null;
  const document: DocumentNode = { kind: Kind.DOCUMENT, definitions: [introspection, ...fragments.values()] };
  return (variableValues) => {
    const { data, errors } = executeSync({ schema, document, rootValue: {}, variableValues });
    if (errors?.[0]) throw errors[0];
    return { ...data };
  };
};
