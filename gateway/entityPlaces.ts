import type { QueryPlanSelectionNode } from '@apollo/query-planner';
import { holds } from './conditions.ts';
import { clientKeyOf } from './dataKeys.ts';
import type { CompileContext, Run } from './execute.ts';
import type { PlannedFetch, PlanPath } from './fetchGraph.ts';
import { type DataObject, getOwn } from './ownKeys.ts';
import { compileRepresentation } from './representations.ts';
import { compileRewrites } from './rewrites.ts';
import { forEachTarget, targetPaths } from './targets.ts';

export type ClientPath = (string | number)[];
/** The objects at one place of the data, and per object the number of its representation; -1 where it has none. */
export type Placed = {
  readonly path: PlanPath;
  readonly targets: readonly DataObject[];
  readonly indexOf: readonly number[];
};
/** What one run asks by one question, each distinct entity once. */
export type EntityBatch = { readonly representations: readonly DataObject[]; readonly placed: readonly Placed[] };
export type CollectEntities = (run: Run) => EntityBatch;

export const compileCollection = (context: CompileContext, places: readonly PlannedFetch[]): CollectEntities => {
  const collectors = places.map((place) => compilePlace(context, place));
  return (run) => {
    const representations: DataObject[] = [];
    const known = new Map<string, number>();
    return { representations, placed: collectors.map((collect) => collect(run, representations, known)) };
  };
};

type CollectPlace = (run: Run, representations: DataObject[], known: Map<string, number>) => Placed;

const compilePlace = ({ fullSchema, fixed }: CompileContext, { fetch, path, when }: PlannedFetch): CollectPlace => {
  const requires = fetch.requires ?? [];
  const represent = compileRepresentation(fullSchema, requires, fixed.fields);
  const rewriteInput = compileRewrites(fullSchema, fetch.inputRewrites);
  const shortKeyOf = rewriteInput === null ? compileShortKey(requires) : null;
  return (run, representations, known) => {
    const targets: DataObject[] = [];
    const indexOf: number[] = [];
    const indexFor = (target: DataObject): number => {
      const shortKey = shortKeyOf?.(target);
      const found = shortKey === undefined ? undefined : known.get(shortKey);
      if (found !== undefined) return found;
      const representation = represent(target);
      if (representation === null || representation['__typename'] === undefined) return -1;
      rewriteInput?.(representation);
      const key = shortKey ?? JSON.stringify(representation);
      const index = known.get(key) ?? representations.push(representation) - 1;
      known.set(key, index);
      return index;
    };
    if (holds(when, run.variables))
      forEachTarget(run.data, path, (target) => {
        targets.push(target);
        indexOf.push(indexFor(target));
      });
    return { path, targets, indexOf };
  };
};

/** For entities known by their type and one scalar: a text of both, without a representation made to get it. */
const compileShortKey = (requires: readonly QueryPlanSelectionNode[]) => {
  const [fragment, another] = requires;
  if (fragment?.kind !== 'InlineFragment' || fragment.typeCondition === undefined || another) return null;
  const type = fragment.typeCondition;
  const fields = fragment.selections.filter(
    (selection) => !(selection.kind === 'Field' && selection.name === '__typename'),
  );
  const [field] = fields;
  if (field?.kind !== 'Field' || field.selections || fields.length > 1) return null;
  const key = field.alias ?? field.name;
  const prefix = `${type} ${key} `;
  return (target: DataObject): string | undefined => {
    const value = getOwn(target, key);
    return typeof value === 'string' && target['__typename'] === type ? prefix + value : undefined;
  };
};

/** Client paths of one entity, wherever it stands; for null, of the first place that has any. */
export const pathsOf = (run: Run, { placed }: Pick<EntityBatch, 'placed'>, index: number | null): ClientPath[] => {
  const paths = placed.flatMap(({ path, indexOf }) =>
    targetPaths(run.data, path).filter((_, at) => (index === null ? indexOf[at] !== -1 : indexOf[at] === index)),
  );
  return (index === null ? paths.slice(0, 1) : paths).map((path) => path.map(toClientStep));
};

export const toClientStep = (step: string | number): string | number =>
  typeof step === 'string' ? clientKeyOf(step) : step;
