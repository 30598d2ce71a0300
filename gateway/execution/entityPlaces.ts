import type { QueryPlanSelectionNode } from '@apollo/query-planner';
import {
  type GraphQLOutputType,
  type GraphQLSchema,
  getNullableType,
  isEnumType,
  isNamedType,
  isObjectType,
  isSpecifiedScalarType,
} from 'graphql';
import { generate, isInherited, literal } from '../generate.ts';
import { clientKeyOf } from '../planning/dataKeys.ts';
import type { PlannedFetch, PlanPath } from '../planning/fetchGraph.ts';
import type { FixedArguments } from '../planning/fixedArguments.ts';
import { holds } from './conditions.ts';
import type { CompileContext, Run } from './execute.ts';
import type { DataObject } from './ownKeys.ts';
import { compileRepresentation } from './representations.ts';
import { compileRewrites } from './rewrites.ts';
import { compileTargets, targetPaths } from './targets.ts';

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

/** Numbers of representations, by what kind of entity is known by its key and which, or by their JSON text. */
type Known = Map<string, Map<unknown, number>>;
type CollectPlace = (run: Run, representations: DataObject[], all: Known) => Placed;

const compilePlace = ({ fullSchema, fixed }: CompileContext, { fetch, path, when }: PlannedFetch): CollectPlace => {
  const requires = fetch.requires ?? [];
  const represent = compileRepresentation(fullSchema, requires, fixed.fields);
  const rewriteInput = compileRewrites(fullSchema, fetch.inputRewrites);
  const short = rewriteInput === null ? shortKeyOf(fullSchema, requires, fixed) : null;
  const findTargets = compileTargets(path);
  const number = compileNumbering(short);
  return (run, representations, all) => {
    if (!holds(when, run.variables)) return { path, targets: [], indexOf: [] };
    const targets = findTargets(run);
    const known = knownAs(all, short?.kind ?? '');
    const numberOf = (target: DataObject, shortKey: unknown): number => {
      const representation = represent(target);
      if (representation === null || representation['__typename'] === undefined) return -1;
      rewriteInput?.(representation);
      const byKey = shortKey === undefined ? knownAs(all, '') : known;
      const key = shortKey ?? JSON.stringify(representation);
      const number = byKey.get(key) ?? representations.push(representation) - 1;
      byKey.set(key, number);
      return number;
    };
    return { path, targets, indexOf: number(targets, { known, representations, numberOf }) };
  };
};

/** Generated code that finds the number of each target's representation. One entity often stands many times in a row. */
const compileNumbering = (short: ShortKey | null): ((targets: readonly DataObject[], by: Numbers) => number[]) => {
  const byKey =
    short === null
      ? ''
      : `const k=${short.key};if(k!==undefined){if(k!==last){last=k;found=by.known.get(k);}` +
        'if(found===undefined){const n=by.numberOf(t,k);if(n>=0)found=n;indexOf[i]=n;}' +
        `else{const r=by.representations[found];indexOf[i]=${short.isEqual}?found:by.numberOf(t,undefined);}continue;}`;
  return generate(
    ['keyOnly'],
    [keyOnly],
    'return (targets,by)=>{const indexOf=new Array(targets.length);let last,found;' +
      `for(let i=0;i<targets.length;i++){const t=targets[i];${byKey}indexOf[i]=by.numberOf(t,undefined);}return indexOf;};`,
  );
};

/** What representations are known by; `numberOf` is asked where an entity is not known by its short key. */
type Numbers = {
  readonly known: ReadonlyMap<unknown, number>;
  readonly representations: readonly DataObject[];
  numberOf(target: DataObject, shortKey: unknown): number;
};

const knownAs = (known: Known, kind: string): Map<unknown, number> => {
  const found = known.get(kind) ?? new Map<unknown, number>();
  known.set(kind, found);
  return found;
};

type ShortKey = { readonly kind: string; readonly key: string; readonly isEqual: string };
/**
 * For entities told by their type and scalars: the one most likely their own, and whether the rest is the same; no
 * representation is made, nor any text, to see that an entity is known. Expressions of `t`, and of `r`, the known
 * representation; the key is undefined for what is no such entity.
 */
const shortKeyOf = (
  schema: GraphQLSchema,
  requires: readonly QueryPlanSelectionNode[],
  fixed: FixedArguments,
): ShortKey | null => {
  const [fragment, another] = requires;
  if (fragment?.kind !== 'InlineFragment' || fragment.typeCondition === undefined || another) return null;
  const keys: string[] = [];
  for (const selection of fragment.selections) {
    if (selection.kind !== 'Field' || selection.selections) return null;
    const key = selection.alias ?? selection.name;
    const name = fixed.fields.get(key)?.field ?? key;
    if (isInherited(key) || isInherited(name)) return null;
    if (key !== '__typename') keys.push(key);
  }
  const type = schema.getType(fragment.typeCondition);
  const fields = isObjectType(type) ? type.getFields() : {};
  // Lists and objects are compared as JSON.
  if (keys.some((key) => !fields[key] || !isComparable(getNullableType(fields[key].type)))) return null;
  const typed = (name: string) => keys.find((key) => fields[key] && String(getNullableType(fields[key].type)) === name);
  const own = typed('ID') ?? typed('String') ?? keys[0];
  if (own === undefined) return null;
  const same = keys
    .filter((key) => key !== own)
    .map((key) => `r[${literal(fixed.fields.get(key)?.field ?? key)}]===t[${literal(key)}]`);
  return {
    kind: `${fragment.typeCondition} ${own} ${keys.join()}`,
    key: `t.__typename===${literal(fragment.typeCondition)}?keyOnly(t[${literal(own)}]):undefined`,
    isEqual: same.join('&&') || 'true',
  };
};

const isComparable = (type: GraphQLOutputType): boolean =>
  isEnumType(type) || (isNamedType(type) && isSpecifiedScalarType(type));

/** What a Map tells apart as JSON does. */
const keyOnly = (value: unknown): string | number | undefined =>
  typeof value === 'string' || typeof value === 'number' ? value : undefined;

/** Client paths of one entity, wherever it stands; for null, of the first place that has any. */
export const pathsOf = (run: Run, { placed }: Pick<EntityBatch, 'placed'>, index: number | null): ClientPath[] => {
  const paths = placed.flatMap(({ path, indexOf }) =>
    targetPaths(run.data, path).filter((_, at) => (index === null ? indexOf[at] !== -1 : indexOf[at] === index)),
  );
  return (index === null ? paths.slice(0, 1) : paths).map((path) => path.map(toClientStep));
};

export const toClientStep = (step: string | number): string | number =>
  typeof step === 'string' ? clientKeyOf(step) : step;
