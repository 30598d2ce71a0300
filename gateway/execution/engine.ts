import { hash } from 'node:crypto';
import type { Actor } from '@parley/kernel/actor';
import { GraphQLError, type GraphQLFormattedError, Kind, type OperationDefinitionNode, print } from 'graphql';
import { LRUCache } from 'lru-cache';
import type { Requirement } from '../access/accessRules.ts';
import { findRefusals, isMet } from '../access/authorize.ts';
import { createDocuments, type Document, type Documents, findOperation } from '../admission/documents.ts';
import type { OperationLimits } from '../admission/limits.ts';
import { compileCost, type OperationCost } from '../admission/operationCost.ts';
import { type CoerceVariables, compileVariables } from '../admission/variables.ts';
import { type CachePolicy, cachePolicyOf } from '../caching/cachePolicy.ts';
import type { Call, CallSubgraph } from '../calls/subgraphRequest.ts';
import { type CompiledOperation, compileOperation, type ExecutorKind, type StockExecute } from '../planning/plan.ts';
import type { LoadedSupergraph } from '../planning/supergraph.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { conditionVariables, type Variables } from './conditions.ts';
import type { Run } from './execute.ts';
import type { DataObject } from './ownKeys.ts';
import { ResponseErrors } from './responseErrors.ts';

/** One operation of a document: what holds for every caller, and what was compiled for those who came. */
export type Operation = {
  readonly node: OperationDefinitionNode;
  readonly coerce: CoerceVariables;
  readonly document: Document;
  readonly cost: OperationCost;
  /** How long its answers may be kept; null: not at all. */
  readonly caching: CachePolicy | null;
  /** What it asks, whatever its name, white space and comments (B24). */
  readonly shape: string;
  readonly requirements: readonly Requirement[];
  /** What `@skip` and `@include` depend on, where few enough to plan each case by itself. */
  readonly decidedBy: readonly string[];
  readonly compiled: LRUCache<string, CompiledOperation>;
};
export type Answer = { data: DataObject | null; errors?: readonly GraphQLFormattedError[] };
/** An answer as the bytes of its JSON. `answer` is there only where it has errors: the same once more, to look into. */
export type JsonAnswer = { readonly json: Buffer; readonly answer: Answer | null };

/** What runs: `event` and the `errors` that came with it only for an event of a subscription. */
type RunArguments = [
  compiled: CompiledOperation,
  variables: Variables,
  call: Call,
  event?: DataObject,
  errors?: ResponseErrors,
];

/** All that runs operations on one supergraph. */
export type Engine = {
  readonly loaded: LoadedSupergraph;
  readonly documents: Documents;
  find(document: Document, operationName: string | null | undefined): Operation | GraphQLError;
  compiledFor(operation: Operation, actor: Actor | null, variables: Variables): CompiledOperation;
  run(...given: RunArguments): Promise<Answer>;
  /** The same, and much cheaper where the answer is to be sent as it is. */
  runToJson(...given: RunArguments): Promise<JsonAnswer>;
};

export type EngineOptions = {
  readonly callSubgraph: CallSubgraph;
  readonly stock: StockExecute;
  readonly limits: OperationLimits;
  readonly introspection: boolean;
  /** How many documents are kept ready. */
  readonly documents: number;
  readonly executor?: ExecutorKind;
  readonly metrics?: Pick<Metrics, 'documents' | 'planSeconds'> | null;
};

/** Variants of one operation kept ready: by the requirements callers meet, and by what `@skip` and `@include` decide. */
const variantsKept = 32;
/**
 * Up to so many condition variables, an operation is planned per case. Plans are smaller so, and the planner is wrong
 * about a condition on a field with @requires: it leaves out what is required, and with it all else of that fetch.
 */
const mostDecided = 4;

export const createEngine = (loaded: LoadedSupergraph, options: EngineOptions): Engine => {
  const { callSubgraph, stock, limits, introspection, executor = 'compiled', metrics } = options;
  const documents = createDocuments(loaded.schema, { limits, introspection, most: options.documents, metrics });
  const operations = new WeakMap<OperationDefinitionNode, Operation>();
  /** Prepared operations by their shape. */
  const byShape = new LRUCache<string, Operation>({ max: options.documents });
  const { fullSchema, fixed, facts } = loaded;
  const context = { fullSchema, fixed, facts, callSubgraph, executor };
  const refusalsOf = (
    document: Document,
    node: OperationDefinitionNode,
    met: (requirement: Requirement) => boolean,
    code: string,
  ) => findRefusals(loaded.fullSchema, loaded.rules, node, document.fragments, met, code);

  const prepare = (document: Document, node: OperationDefinitionNode, shape: string): Operation => {
    const requirements = new Map<string, Requirement>();
    refusalsOf(document, node, (requirement) => Boolean(requirements.set(requirement.key, requirement)), '');
    const decidedBy = conditionVariables([node, ...document.fragments.values()]);
    return {
      node,
      document,
      coerce: compileVariables(loaded.schema, node),
      cost: compileCost(loaded, limits, node, document.fragments),
      caching: cachePolicyOf(loaded, node, document.fragments),
      shape,
      requirements: [...requirements.values()],
      decidedBy: decidedBy.length <= mostDecided ? decidedBy : [],
      compiled: new LRUCache({ max: variantsKept }),
    };
  };

  const fetchAll = async (...[compiled, variables, call, event, given]: RunArguments) => {
    const errors = given ?? new ResponseErrors();
    for (const refusal of compiled.refusals) errors.add(refusal);
    const data: DataObject = event ?? {};
    // Of an event it is not known who read it, or how.
    const known = event === undefined ? 'ascii' : 'nothing';
    const run: Run = { data, variables, errors, call, known, targets: new Map() };
    await compiled.step?.(run);
    return run;
  };
  const toAnswer = (
    { introspect, project }: CompiledOperation,
    variables: Variables,
    call: Call,
    data: DataObject,
    errors: ResponseErrors,
  ): Answer => {
    const projected = project(data, { variables, errors, path: [], introspection: introspect?.(variables) ?? {} });
    for (const { extensions } of errors.list) call.observed?.failed(String(extensions?.['code']));
    return errors.list.length > 0 ? { errors: errors.list, data: projected } : { data: projected };
  };

  return {
    loaded,
    documents,
    find: (document, operationName) => {
      const node = findOperation(document, operationName);
      if (node instanceof GraphQLError) return node;
      const known = operations.get(node);
      if (known) return known;
      const shape = shapeOf(document, node);
      const alike = byShape.get(shape);
      const operation = alike ? { ...alike, node, document } : prepare(document, node, shape);
      byShape.set(shape, operation);
      operations.set(node, operation);
      return operation;
    },
    compiledFor: (operation, actor, variables) => {
      const code = actor === null ? 'UNAUTHENTICATED' : 'UNAUTHORIZED_FIELD_OR_TYPE';
      const bits = (flags: readonly boolean[]): string => flags.map((flag) => (flag ? '1' : '0')).join('');
      const met = bits(operation.requirements.map((requirement) => isMet(requirement, actor)));
      const cases = bits(operation.decidedBy.map((name) => variables[name] === true));
      const variant = `${actor === null ? 'nobody' : 'somebody'} ${met} ${cases}`;
      const known = operation.compiled.get(variant);
      if (known) return known;
      const { node, document } = operation;
      const planned = metrics?.planSeconds.startTimer();
      const refusals = refusalsOf(document, node, (requirement) => isMet(requirement, actor), code);
      const compiled = compileOperation(
        loaded,
        context,
        stock,
        node,
        document.fragments,
        refusals.fields,
        refusals.errors,
        operation.decidedBy.length > 0 ? variables : null,
      );
      operation.compiled.set(variant, compiled);
      planned?.();
      return compiled;
    },
    run: async (...given) => {
      const { data, errors } = await fetchAll(...given);
      const [compiled, variables, call] = given;
      return toAnswer(compiled, variables, call, data, errors);
    },
    runToJson: async (...given) => {
      const { data, errors, known } = await fetchAll(...given);
      const [compiled, variables, call] = given;
      const json = errors.list.length === 0 ? (compiled.write?.(data, variables, known) ?? null) : null;
      if (json !== null) return { json, answer: null };
      const answer = toAnswer(compiled, variables, call, data, errors);
      return { json: Buffer.from(JSON.stringify(answer)), answer: answer.errors ? answer : null };
    },
  };
};

const shapeOf = ({ fragments }: Document, node: OperationDefinitionNode): string => {
  const { name: _name, ...nameless } = node;
  return hash('sha256', print({ kind: Kind.DOCUMENT, definitions: [nameless, ...fragments.values()] }));
};
