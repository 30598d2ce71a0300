import { generate, isInherited, literal } from '../generate.ts';
import { type DataObject, getOwn, isObject } from './ownKeys.ts';

type PlanPath = readonly (string | number)[];

/** What was found at plan paths of the data of one run. Forgotten when anything comes in that holds objects. */
export type FoundTargets = Map<string, readonly DataObject[]>;
/** The objects at one plan path of the merged data (`@`: every item of a list), always in the same order. */
export type FindTargets = (run: { readonly data: DataObject; readonly targets: FoundTargets }) => readonly DataObject[];

/** Several questions are often asked about one place: it is walked once. */
export const compileTargets = (path: PlanPath): FindTargets => {
  const each = (array: string, call: string): string => `for(let i=0;i<${array}.length;i++)${call}(${array}[i],found);`;
  const functions = path.map((step, index) => {
    const [self, next] = [`f${index}`, `f${index + 1}`];
    if (step === '@') return `function ${self}(x,found){if(Array.isArray(x)){${each('x', next)}}}`;
    const key = literal(String(step));
    const read = isInherited(String(step)) ? `own(x,${key})` : `x[${key}]`;
    return `function ${self}(x,found){if(typeof x==='object'&&x!==null){if(Array.isArray(x)){${each('x', self)}}else ${next}(${read},found);}}`;
  });
  const here = `f${path.length}`;
  functions.push(
    `function ${here}(t,found){if(typeof t==='object'&&t!==null){if(Array.isArray(t)){${each('t', here)}}else found.push(t);}}`,
  );
  type Walk = (data: DataObject, found: DataObject[]) => void;
  const walk = generate<Walk>(['own'], [getOwn], `${functions.join('\n')}\nreturn f0;`);
  const key = path.join(' ');
  return ({ data, targets }) => {
    const known = targets.get(key);
    if (known) return known;
    const found: DataObject[] = [];
    walk(data, found);
    targets.set(key, found);
    return found;
  };
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
