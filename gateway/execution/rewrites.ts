import type { FetchDataRewrite } from '@apollo/query-planner';
import type { GraphQLSchema } from 'graphql';
import { type DataObject, getOwn, isObject } from './ownKeys.ts';
import { typeTest } from './representations.ts';

export type Rewrite = (value: unknown) => void;

export const fragmentPrefix = '... on ';

/** The planner's corrections to what goes to or comes from a subgraph: set a value, rename a key. */
export const compileRewrites = (
  schema: GraphQLSchema,
  rewrites: readonly FetchDataRewrite[] | undefined,
): Rewrite | null => {
  if (!rewrites || rewrites.length === 0) return null;
  const compiled = rewrites.map((rewrite) => compileRewrite(schema, rewrite));
  return (value) => {
    for (const apply of compiled) apply(value);
  };
};

const compileRewrite = (schema: GraphQLSchema, rewrite: FetchDataRewrite): Rewrite => {
  const key = rewrite.path.at(-1);
  if (key === undefined || key.startsWith(fragmentPrefix)) throw new Error(`a rewrite ends in ${key ?? 'nothing'}`);
  const parents = rewrite.path.slice(0, -1).map((step) => ({
    step,
    isOfIt: step.startsWith(fragmentPrefix) ? typeTest(schema, step.slice(fragmentPrefix.length), true) : null,
  }));
  const apply = (object: DataObject): void => {
    if (rewrite.kind === 'ValueSetter') {
      object[key] = rewrite.setValueTo;
      return;
    }
    if (!Object.hasOwn(object, key)) return;
    object[rewrite.renameKeyTo] = object[key];
    delete object[key];
  };
  const walk = (value: unknown, at: number): void => {
    if (Array.isArray(value)) {
      for (const item of value) walk(item, at);
      return;
    }
    if (!isObject(value)) return;
    const parent = parents[at];
    if (parent === undefined) apply(value);
    else if (parent.isOfIt === null) walk(getOwn(value, parent.step), at + 1);
    else if (parent.isOfIt(value)) walk(value, at + 1);
  };
  return (value) => walk(value, 0);
};

/** Keys a subgraph answers under → keys they are renamed to: for the paths of its errors. */
export const renamedKeys = (rewrites: readonly FetchDataRewrite[] | undefined): ReadonlyMap<string, string> =>
  new Map(
    (rewrites ?? []).flatMap((rewrite) =>
      rewrite.kind === 'KeyRenamer' ? [[rewrite.path.at(-1) ?? '', rewrite.renameKeyTo] as const] : [],
    ),
  );
