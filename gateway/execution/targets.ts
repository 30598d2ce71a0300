import { generate, isInherited, literal } from '../generate.ts';
import { type DataObject, getOwn, isObject } from './ownKeys.ts';

type PlanPath = readonly (string | number)[];

/**
 * Generated code that comes past the objects at a plan path of the merged data (`@`: every item of a list), always in
 * the same order: `(data, into) => void`. `found` is a statement on each object, `t`, and on `into`.
 */
export const compileVisit = <Into>(
  path: PlanPath,
  found: string,
  names: readonly string[] = [],
  values: readonly unknown[] = [],
): ((data: unknown, into: Into) => void) => {
  const each = (array: string, call: string): string => `for(let i=0;i<${array}.length;i++)${call}(${array}[i],into);`;
  const functions = path.map((step, index) => {
    const [self, next] = [`f${index}`, `f${index + 1}`];
    if (step === '@') return `function ${self}(x,into){if(Array.isArray(x)){${each('x', next)}}}`;
    const key = literal(String(step));
    const read = isInherited(String(step)) ? `own(x,${key})` : `x[${key}]`;
    return `function ${self}(x,into){if(typeof x==='object'&&x!==null){if(Array.isArray(x)){${each('x', self)}}else ${next}(${read},into);}}`;
  });
  const here = `f${path.length}`;
  functions.push(
    `function ${here}(t,into){if(typeof t==='object'&&t!==null){if(Array.isArray(t)){${each('t', here)}}else{${found}}}}`,
  );
  return generate(['own', ...names], [getOwn, ...values], `${functions.join('\n')}\nreturn f0;`);
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
