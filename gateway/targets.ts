import { type DataObject, getOwn, isObject } from './ownKeys.ts';

/** Visits the objects at a plan path of the merged data (`@`: every item of a list), always in the same order. */
export const forEachTarget = (
  data: unknown,
  path: readonly (string | number)[],
  visit: (target: DataObject) => void,
  at = 0,
): void => {
  const step = path[at];
  if (Array.isArray(data)) {
    const next = step === '@' ? at + 1 : at;
    for (const item of data) forEachTarget(item, path, visit, next);
  } else if (isObject(data)) {
    if (step === undefined) visit(data);
    else forEachTarget(getOwn(data, String(step)), path, visit, at + 1);
  }
};

/** The objects above each of those same objects and itself, outermost first. */
export const ancestorsOfTargets = (data: unknown, path: readonly (string | number)[]): DataObject[][] => {
  const found: DataObject[][] = [];
  const walk = (value: unknown, at: number, above: readonly DataObject[]): void => {
    const step = path[at];
    if (Array.isArray(value)) {
      for (const item of value) walk(item, step === '@' ? at + 1 : at, above);
    } else if (isObject(value)) {
      if (step === undefined) found.push([...above, value]);
      else walk(getOwn(value, String(step)), at + 1, [...above, value]);
    }
  };
  walk(data, 0, []);
  return found;
};

/** The paths of those same objects, in that order. Walked only once an error needs them. */
export const targetPaths = (data: unknown, path: readonly (string | number)[]): (string | number)[][] => {
  const paths: (string | number)[][] = [];
  const walk = (value: unknown, at: number, here: readonly (string | number)[]): void => {
    const step = path[at];
    if (Array.isArray(value)) {
      for (const [index, item] of value.entries()) walk(item, step === '@' ? at + 1 : at, [...here, index]);
    } else if (isObject(value)) {
      if (step === undefined) paths.push([...here]);
      else walk(getOwn(value, String(step)), at + 1, [...here, step]);
    }
  };
  walk(data, 0, []);
  return paths;
};
