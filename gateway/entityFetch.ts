import type { QueryPlanSelectionNode } from '@apollo/query-planner';
import { isObjectType } from 'graphql';
import { clientKeyOf } from './dataKeys.ts';
import { type CompileContext, pickVariables, type Run, type Step } from './execute.ts';
import { type DataObject, deepMerge, getOwn, isObject } from './ownKeys.ts';
import { compileRepresentation, isOfType } from './representations.ts';
import type { Rewrite } from './rewrites.ts';
import { addSubgraphErrors } from './subgraphErrors.ts';
import { SubgraphFailure } from './subgraphRequest.ts';
import { forEachTarget, targetPaths } from './targets.ts';

/** One fetch of a plan, in the form its step runs it. */
export type EntityFetch = {
  readonly subgraph: string;
  readonly query: string;
  readonly operationName: string | undefined;
  readonly isMutation: boolean;
  readonly variableUsages: readonly string[];
  /** Response keys it is for. */
  readonly fields: readonly string[];
  /** Where in the merged data it applies. */
  readonly path: readonly (string | number)[];
  readonly rewriteOutput: Rewrite | null;
  readonly renamed: ReadonlyMap<string, string>;
};

type Batch = {
  readonly representations: readonly DataObject[];
  readonly targets: readonly DataObject[];
  /** Per target, its representation; -1 where it has none. */
  readonly indexOf: readonly number[];
};

/** Asks a subgraph for its fields of the entities at a path, each distinct entity once. */
export const compileEntityFetch = (
  { fullSchema, callSubgraph }: CompileContext,
  fetch: EntityFetch,
  requires: readonly QueryPlanSelectionNode[],
  rewriteInput: Rewrite | null,
): Step => {
  const represent = compileRepresentation(fullSchema, requires);

  const collect = (run: Run): Batch => {
    const representations: DataObject[] = [];
    const targets: DataObject[] = [];
    const indexOf: number[] = [];
    const known = new Map<string, number>();
    forEachTarget(run.data, fetch.path, (target) => {
      targets.push(target);
      const representation = represent(target);
      if (representation === null || representation['__typename'] === undefined) {
        indexOf.push(-1);
        return;
      }
      rewriteInput?.(representation);
      const key = JSON.stringify(representation);
      const index = known.get(key) ?? representations.push(representation) - 1;
      known.set(key, index);
      indexOf.push(index);
    });
    return { representations, targets, indexOf };
  };

  /** An entity of another type than asked for is a wrong answer, not a fresh truth (D16). */
  const isOfItsType = (entity: DataObject, representation: DataObject, target: DataObject): boolean => {
    const typename = getOwn(entity, '__typename');
    if (typename === undefined || typename === target['__typename']) return true;
    return (
      isOfType(fullSchema, entity, String(representation['__typename'])) ||
      isOfType(fullSchema, target, String(typename))
    );
  };

  /** A subgraph that knows the interface only (@interfaceObject) calls a Clip a Media: the concrete type known stays. */
  const mergeEntity = (target: DataObject, entity: DataObject): void => {
    const known = target['__typename'];
    deepMerge(target, entity);
    if (typeof known === 'string' && isObjectType(fullSchema.getType(known))) target['__typename'] = known;
  };

  const merge = (run: Run, batch: Batch, entities: readonly unknown[]): void => {
    fetch.rewriteOutput?.(entities);
    for (const [at, target] of batch.targets.entries()) {
      const index = batch.indexOf[at] ?? -1;
      const entity = entities[index];
      const representation = batch.representations[index];
      if (representation === undefined || !isObject(entity)) continue;
      if (isOfItsType(entity, representation, target)) mergeEntity(target, entity);
      else run.errors.addInvalid((targetPaths(run.data, fetch.path)[at] ?? []).map(toClient));
    }
  };

  return async (run) => {
    const batch = collect(run);
    if (batch.representations.length === 0) return;
    const pathsOf = (index: number | null): (string | number)[][] => {
      const paths = targetPaths(run.data, fetch.path).map((path) => path.map(toClient));
      return index === null ? paths.slice(0, 1) : paths.filter((_, at) => batch.indexOf[at] === index);
    };
    try {
      const variables = pickVariables(run.variables, fetch.variableUsages);
      variables['representations'] = batch.representations;
      const { data, errors } = await callSubgraph(fetch.subgraph, { ...fetch, variables }, run.call);
      if (errors) addSubgraphErrors(run.errors, errors, fetch, pathsOf);
      const entities = data?.['_entities'];
      if (Array.isArray(entities) && entities.length === batch.representations.length) merge(run, batch, entities);
      else if (!errors?.length) run.errors.addInvalid(placeOf(fetch, batch, pathsOf));
    } catch (error) {
      if (!(error instanceof SubgraphFailure)) throw error;
      run.errors.add({ message: error.message, path: placeOf(fetch, batch, pathsOf), extensions: error.extensions });
    }
  };
};

const toClient = (step: string | number): string | number => (typeof step === 'string' ? clientKeyOf(step) : step);

/** Where a whole fetch failed: one error, whose `@` stands for every list item where there are several. */
const placeOf = (
  fetch: EntityFetch,
  batch: Batch,
  pathsOf: (index: null) => (string | number)[][],
): (string | number)[] => {
  const path = batch.targets.length === 1 ? (pathsOf(null)[0] ?? []) : fetch.path.map(toClient);
  const field = fetch.fields[0];
  return field === undefined || fetch.fields.length > 1
    ? [...path]
    : [...path, toClient(fetch.renamed.get(field) ?? field)];
};
