import type { FetchDataRewrite } from '@apollo/query-planner';
import type { GraphQLSchema } from 'graphql';
import type { EntityBatch } from './entityPlaces.ts';
import type { Run } from './execute.ts';
import { type DataObject, getOwn, isObject } from './ownKeys.ts';
import { typeTest } from './representations.ts';
import { fragmentPrefix } from './rewrites.ts';
import { ancestorsOfTargets } from './targets.ts';

/** Part of a batch, with the variables all its entities share. */
export type ContextBatch = { readonly batch: EntityBatch; readonly variables: DataObject };

/**
 * Arguments that take their value from an object above (@fromContext). They are variables of the fetch, so entities
 * below different values are asked for apart.
 */
export const compileContextValues = (
  schema: GraphQLSchema,
  rewrites: readonly FetchDataRewrite[] | undefined,
): ((run: Run, batch: EntityBatch) => readonly ContextBatch[]) | null => {
  if (!rewrites || rewrites.length === 0) return null;
  const sources = rewrites.map((rewrite) => compileSource(schema, rewrite));
  return (run, { representations, placed }) => {
    const parts = new Map<string, { variables: DataObject; indexOf: number[][] }>();
    for (const [place, { path, targets, indexOf }] of placed.entries()) {
      for (const [at, ancestors] of ancestorsOfTargets(run.data, path).entries()) {
        const variables: DataObject = Object.create(null);
        for (const read of sources) read(ancestors, variables);
        const key = JSON.stringify(variables);
        const part = parts.get(key) ?? {
          variables,
          indexOf: placed.map((other) => new Array<number>(other.targets.length).fill(-1)),
        };
        parts.set(key, part);
        const index = indexOf[at];
        if (index !== undefined && targets[at]) part.indexOf[place]?.splice(at, 1, index);
      }
    }
    return [...parts.values()].map(({ variables, indexOf }) => ({
      variables,
      batch: onlyUsed(representations, placed, indexOf),
    }));
  };
};

/** The batch with the representations some target still has, numbered anew. */
const onlyUsed = (
  representations: EntityBatch['representations'],
  placed: EntityBatch['placed'],
  indexOf: readonly (readonly number[])[],
): EntityBatch => {
  const used = [...new Set(indexOf.flat())].filter((index) => index !== -1);
  const renumbered = new Map(used.map((index, at) => [index, at]));
  return {
    representations: used.map((index) => representations[index] ?? {}),
    placed: placed.map((place, at) => ({
      ...place,
      indexOf: (indexOf[at] ?? []).map((index) => renumbered.get(index) ?? -1),
    })),
  };
};

type ReadSource = (ancestors: readonly DataObject[], variables: DataObject) => void;

/** `..` is one object up from the entity; then types that must fit, and keys. */
const compileSource = (schema: GraphQLSchema, rewrite: FetchDataRewrite): ReadSource => {
  if (rewrite.kind !== 'KeyRenamer') throw new Error('a context value that is not read from anywhere');
  const up = rewrite.path.findIndex((step) => step !== '..');
  const steps = rewrite.path.slice(up).map((step) => ({
    step,
    isOfIt: step.startsWith(fragmentPrefix) ? typeTest(schema, step.slice(fragmentPrefix.length), true) : null,
  }));
  return (ancestors, variables) => {
    let value: unknown = ancestors.at(-1 - up);
    for (const { step, isOfIt } of steps) {
      if (!isObject(value) || (isOfIt !== null && !isOfIt(value))) return;
      if (isOfIt === null) value = getOwn(value, step);
    }
    if (value !== undefined) variables[rewrite.renameKeyTo] = value;
  };
};
