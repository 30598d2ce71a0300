import type { FetchNode, PlanNode } from '@apollo/query-planner';
import { type GraphQLSchema, Kind, parse } from 'graphql';
import type { Variables } from './conditions.ts';
import { clientKeyOf } from './dataKeys.ts';
import { compileEntityFetch, type EntityFetch } from './entityFetch.ts';
import { type DataObject, deepMerge } from './ownKeys.ts';
import type { ResponseErrors } from './responseErrors.ts';
import { compileRewrites, renamedKeys } from './rewrites.ts';
import { addSubgraphErrors } from './subgraphErrors.ts';
import { type Call, type CallSubgraph, SubgraphFailure } from './subgraphRequest.ts';

/** One execution of a plan. Steps merge what they fetch into `data`. */
export type Run = {
  readonly data: DataObject;
  readonly variables: Variables;
  readonly errors: ResponseErrors;
  readonly call: Call;
};
/** A compiled part of a plan. Never rejects for what a subgraph did: that becomes an error of the run. */
export type Step = (run: Run) => Promise<void>;

/** The plan holds something only Apollo's own executor knows. */
export class UnsupportedPlan extends Error {}

export type CompileContext = { readonly fullSchema: GraphQLSchema; readonly callSubgraph: CallSubgraph };

export const compilePlan = (context: CompileContext, node: PlanNode, path: readonly (string | number)[] = []): Step => {
  switch (node.kind) {
    case 'Fetch':
      return compileFetch(context, node, path);
    case 'Flatten':
      return compilePlan(context, node.node, [...path, ...node.path]);
    case 'Sequence': {
      const steps = node.nodes.map((child) => compilePlan(context, child, path));
      return async (run) => {
        for (const step of steps) await step(run);
      };
    }
    case 'Parallel': {
      const steps = node.nodes.map((child) => compilePlan(context, child, path));
      return async (run) => {
        await Promise.all(steps.map((step) => step(run)));
      };
    }
    case 'Condition': {
      const yes = node.ifClause ? compilePlan(context, node.ifClause, path) : null;
      const no = node.elseClause ? compilePlan(context, node.elseClause, path) : null;
      return async (run) => {
        await (run.variables[node.condition] === true ? yes : no)?.(run);
      };
    }
    default:
      throw new UnsupportedPlan(`plan node ${node.kind}`);
  }
};

const compileFetch = (context: CompileContext, fetch: FetchNode, path: readonly (string | number)[]): Step => {
  if (fetch.contextRewrites?.length) throw new UnsupportedPlan('@fromContext');
  const entityFetch: EntityFetch = {
    ...fetchBasics(fetch),
    path,
    rewriteOutput: compileRewrites(context.fullSchema, fetch.outputRewrites),
    renamed: renamedKeys(fetch.outputRewrites),
  };
  if (fetch.requires)
    return compileEntityFetch(
      context,
      entityFetch,
      fetch.requires,
      compileRewrites(context.fullSchema, fetch.inputRewrites),
    );
  return compileRootFetch(context, entityFetch);
};

export const fetchBasics = (fetch: FetchNode) => ({
  subgraph: fetch.serviceName,
  query: fetch.operation,
  operationName: fetch.operationName,
  isMutation: fetch.operationKind === 'mutation',
  variableUsages: fetch.variableUsages ?? [],
  fields: topFields(fetch.operation),
});

const compileRootFetch =
  ({ callSubgraph }: CompileContext, fetch: EntityFetch): Step =>
  async (run) => {
    try {
      const variables = pickVariables(run.variables, fetch.variableUsages);
      const { data, errors } = await callSubgraph(fetch.subgraph, { ...fetch, variables }, run.call);
      if (errors) addSubgraphErrors(run.errors, errors, fetch, () => []);
      if (!data) return;
      fetch.rewriteOutput?.(data);
      deepMerge(run.data, data);
    } catch (error) {
      if (!(error instanceof SubgraphFailure)) throw error;
      for (const field of fetch.fields)
        run.errors.add({
          message: error.message,
          path: [clientKeyOf(fetch.renamed.get(field) ?? field)],
          extensions: error.extensions,
        });
    }
  };

export const pickVariables = (variables: Variables, names: readonly string[]): DataObject => {
  const picked: DataObject = Object.create(null);
  for (const name of names) if (variables[name] !== undefined) picked[name] = variables[name];
  return picked;
};

/** The response keys a fetch is for: of its root, or inside `_entities`. */
const topFields = (operation: string): readonly string[] => {
  const document = parse(operation, { noLocation: true });
  const fields: string[] = [];
  const add = (selections: readonly import('graphql').SelectionNode[]): void => {
    for (const selection of selections) {
      if (selection.kind === Kind.INLINE_FRAGMENT) add(selection.selectionSet.selections);
      else if (selection.kind === Kind.FIELD && selection.name.value === '_entities')
        add(selection.selectionSet?.selections ?? []);
      else if (selection.kind === Kind.FIELD && selection.name.value !== '__typename')
        fields.push(selection.alias?.value ?? selection.name.value);
    }
  };
  for (const definition of document.definitions)
    if (definition.kind === Kind.OPERATION_DEFINITION) add(definition.selectionSet.selections);
  return fields;
};
