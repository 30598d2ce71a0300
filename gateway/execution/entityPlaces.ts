import type { QueryPlanSelectionNode } from '@apollo/query-planner';
import { isInherited, literal } from '../generate.ts';
import { clientKeyOf } from '../planning/dataKeys.ts';
import type { PlannedFetch, PlanPath } from '../planning/fetchGraph.ts';
import { holds } from './conditions.ts';
import type { CompileContext, Run } from './execute.ts';
import type { DataObject } from './ownKeys.ts';
import { compileRepresentation } from './representations.ts';
import { compileRewrites } from './rewrites.ts';
import { compileVisit, targetPaths } from './targets.ts';

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
    const known: Known = new Map();
    return { representations, placed: collectors.map((collect) => collect(run, representations, known)) };
  };
};

/** Numbers of representations, by what kind of short key and which, or by their JSON text. */
type Known = Map<string, Map<unknown, number>>;
type CollectPlace = (run: Run, representations: DataObject[], all: Known) => Placed;

const compilePlace = ({ fullSchema, fixed }: CompileContext, { fetch, path, when }: PlannedFetch): CollectPlace => {
  const requires = fetch.requires ?? [];
  const represent = compileRepresentation(fullSchema, requires, fixed.fields);
  const rewriteInput = compileRewrites(fullSchema, fetch.inputRewrites);
  const short = rewriteInput === null ? shortKeyOf(requires) : null;
  const visit = compileVisit<Into>(
    path,
    `into.targets.push(t);${
      short === null
        ? 'into.indexOf.push(into.numberOf(t,undefined));'
        : `const k=${short.key};const n=k===undefined?undefined:into.known.get(k);into.indexOf.push(n===undefined?into.numberOf(t,k):n);`
    }`,
    ['text', 'sized'],
    [textOnly, sized],
  );
  return (run, representations, all) => {
    const targets: DataObject[] = [];
    const indexOf: number[] = [];
    if (!holds(when, run.variables)) return { path, targets, indexOf };
    const known = knownAs(all, short?.kind ?? '');
    const numberOf = (target: DataObject, shortKey: string | undefined): number => {
      const representation = represent(target);
      if (representation === null || representation['__typename'] === undefined) return -1;
      rewriteInput?.(representation);
      const byKey = shortKey === undefined ? knownAs(all, '') : known;
      const key = shortKey ?? JSON.stringify(representation);
      const number = byKey.get(key) ?? representations.push(representation) - 1;
      byKey.set(key, number);
      return number;
    };
    visit(run.data, { targets, indexOf, known, numberOf });
    return { path, targets, indexOf };
  };
};

/** What the generated code fills; `numberOf` is asked where an entity's short key is not yet known. */
type Into = {
  readonly targets: DataObject[];
  readonly indexOf: number[];
  readonly known: Map<unknown, number>;
  numberOf(target: DataObject, shortKey: string | undefined): number;
};

const knownAs = (known: Known, kind: string): Map<unknown, number> => {
  const found = known.get(kind) ?? new Map<unknown, number>();
  known.set(kind, found);
  return found;
};

/**
 * For entities known by their type and scalars: those as one text, without a representation made to get it. `key` is the
 * expression of it, of `t`; undefined for what is no such entity.
 */
const shortKeyOf = (requires: readonly QueryPlanSelectionNode[]): { kind: string; key: string } | null => {
  const [fragment, another] = requires;
  if (fragment?.kind !== 'InlineFragment' || fragment.typeCondition === undefined || another) return null;
  const keys: string[] = [];
  for (const selection of fragment.selections) {
    if (selection.kind !== 'Field' || selection.selections) return null;
    const key = selection.alias ?? selection.name;
    if (isInherited(key)) return null;
    if (key !== '__typename') keys.push(key);
  }
  const [only, more] = keys;
  if (only === undefined) return null;
  const key =
    more === undefined ? `text(t[${literal(only)}])` : keys.map((name) => `sized(t[${literal(name)}])`).join('+');
  return {
    kind: `${fragment.typeCondition} ${keys.join()}`,
    key: `t.__typename===${literal(fragment.typeCondition)}?${key}:undefined`,
  };
};

const textOnly = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

/** Scalars so that none put together look like others; a mark no number has where it is not one, so that it stays apart. */
const sized = (value: unknown): string =>
  typeof value === 'string'
    ? `${value.length}:${value}`
    : typeof value === 'number'
      ? `${value},`
      : `${JSON.stringify(value)};`;

/** Client paths of one entity, wherever it stands; for null, of the first place that has any. */
export const pathsOf = (run: Run, { placed }: Pick<EntityBatch, 'placed'>, index: number | null): ClientPath[] => {
  const paths = placed.flatMap(({ path, indexOf }) =>
    targetPaths(run.data, path).filter((_, at) => (index === null ? indexOf[at] !== -1 : indexOf[at] === index)),
  );
  return (index === null ? paths.slice(0, 1) : paths).map((path) => path.map(toClientStep));
};

export const toClientStep = (step: string | number): string | number =>
  typeof step === 'string' ? clientKeyOf(step) : step;
