import { isInherited } from './generate.ts';
import { type DataObject, getOwn, isObject } from './ownKeys.ts';

type PlanPath = readonly (string | number)[];
export type VisitTargets = (data: unknown, visit: (target: DataObject) => void) => void;

/** Visits the objects at a plan path of the merged data (`@`: every item of a list), always in the same order. */
export const compileTargets = (path: PlanPath): VisitTargets =>
  path.reduceRight<VisitTargets>((next, step) => (step === '@' ? eachItem(next) : atKey(String(step), next)), here);

const here: VisitTargets = (data, visit) => {
  if (Array.isArray(data)) for (const item of data) here(item, visit);
  else if (isObject(data)) visit(data);
};

const eachItem =
  (next: VisitTargets): VisitTargets =>
  (data, visit) => {
    if (Array.isArray(data)) for (let index = 0; index < data.length; index++) next(data[index], visit);
  };

const atKey = (key: string, next: VisitTargets): VisitTargets => {
  const read = isInherited(key) ? (object: DataObject) => getOwn(object, key) : (object: DataObject) => object[key];
  const walk: VisitTargets = (data, visit) => {
    if (Array.isArray(data)) for (const item of data) walk(item, visit);
    else if (isObject(data)) next(read(data), visit);
  };
  return walk;
};

/** The objects above each of those same objects and itself, outermost first. */
export const ancestorsOfTargets = (data: unknown, path: PlanPath): DataObject[][] => {
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
export const targetPaths = (data: unknown, path: PlanPath): (string | number)[][] => {
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
