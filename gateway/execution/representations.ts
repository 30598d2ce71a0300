import type { QueryPlanSelectionNode } from '@apollo/query-planner';
import { type GraphQLSchema, isAbstractType, isInterfaceType } from 'graphql';
import { generate, isInherited, literal } from '../generate.ts';
import type { FixedArguments } from '../planning/fixedArguments.ts';
import { type DataObject, getOwn, isObject, mergeFresh } from './ownKeys.ts';

/** What a subgraph needs to know an entity by, cut from what is known of it; null where something is missing. */
export type Represent = (entity: DataObject) => DataObject | null;

export const compileRepresentation = (
  schema: GraphQLSchema,
  selections: readonly QueryPlanSelectionNode[],
  fixed: FixedArguments['fields'],
): Represent => {
  const [names, values]: [string[], unknown[]] = [
    ['own', 'merge', 'valueOf'],
    [getOwn, mergeFresh, representValue],
  ];
  const constant = (value: unknown): string => {
    values.push(value);
    return names[names.push(`c${names.length}`) - 1] ?? '';
  };
  const [reads, fields, fragments]: [string[], string[], string[]] = [[], [], []];
  for (const selection of selections) {
    if (selection.kind === 'InlineFragment') {
      const { typeCondition } = selection;
      if (typeCondition === undefined) continue;
      const isOfIt = constant(typeTest(schema, typeCondition));
      const represent = constant(compileRepresentation(schema, selection.selections, fixed));
      fragments.push(`(${isOfIt}(t)?${represent}(t):null)`);
      continue;
    }
    const key = selection.alias ?? selection.name;
    const name = fixed.get(key)?.field ?? key;
    const value = `x${reads.length}`;
    const represent = selection.selections && compileRepresentation(schema, selection.selections, fixed);
    const read = isInherited(key) ? `own(t,${literal(key)})` : `t[${literal(key)}]`;
    reads.push(`const ${value}=${read};if(${value}===undefined)return null;`);
    // As written, `__proto__` would be the prototype.
    const written = isInherited(name) ? `[${literal(name)}]` : literal(name);
    fields.push(`${written}:${represent ? `valueOf(${constant(represent)},${value})` : value}`);
  }
  const [fragment, another] = fragments;
  const body =
    fragment && !another && reads.length === 0
      ? `return ${fragment}??{};`
      : `${reads.join('')}const r={${fields.join(',')}};${fragments.map((part) => `merge(r,${part}??{});`).join('')}return r;`;
  return generate(names, values, `return (t)=>{${body}};`);
};

const representValue = (represent: Represent, value: unknown): unknown => {
  if (Array.isArray(value)) return value.map((item) => representValue(represent, item));
  return isObject(value) ? represent(value) : null;
};

/** Whether an object's own `__typename` is the named type or one of its kind. `unknown` is the answer without one. */
export const typeTest = (schema: GraphQLSchema, name: string, unknown = false): ((object: DataObject) => boolean) => {
  const names = new Set([name]);
  const type = schema.getType(name);
  if (isAbstractType(type)) for (const possible of schema.getPossibleTypes(type)) names.add(possible.name);
  if (isInterfaceType(type))
    for (const narrower of schema.getImplementations(type).interfaces) names.add(narrower.name);
  return (object) => {
    const typename = getOwn(object, '__typename');
    return typeof typename === 'string' ? names.has(typename) : unknown;
  };
};
