import type { QueryPlanSelectionNode } from '@apollo/query-planner';
import { type GraphQLSchema, isAbstractType, isInterfaceType } from 'graphql';
import type { FixedArguments } from '../planning/fixedArguments.ts';
import { type DataObject, getOwn, isObject, mergeFresh } from './ownKeys.ts';

/** What a subgraph needs to know an entity by, cut from what is known of it; null where something is missing. */
export type Represent = (entity: DataObject) => DataObject | null;

export const compileRepresentation = (
  schema: GraphQLSchema,
  selections: readonly QueryPlanSelectionNode[],
  fixed: FixedArguments['fields'],
): Represent => {
  const parts = selections.map((selection) => partOf(schema, selection, fixed));
  return (entity) => {
    const result: DataObject = {};
    for (const part of parts) if (!part(entity, result)) return null;
    return result;
  };
};

/** Adds its part to `result`; false where a field is missing. */
type Part = (source: DataObject, result: DataObject) => boolean;

const partOf = (schema: GraphQLSchema, selection: QueryPlanSelectionNode, fixed: FixedArguments['fields']): Part => {
  if (selection.kind === 'InlineFragment') {
    const { typeCondition } = selection;
    if (typeCondition === undefined) return () => true;
    const represent = compileRepresentation(schema, selection.selections, fixed);
    const isOfIt = typeTest(schema, typeCondition);
    return (source, result) => {
      if (!isOfIt(source)) return true;
      const part = represent(source);
      if (part !== null) mergeFresh(result, part);
      return true;
    };
  }
  const key = selection.alias ?? selection.name;
  const name = fixed.get(key)?.field ?? key;
  const represent = selection.selections ? compileRepresentation(schema, selection.selections, fixed) : null;
  return (source, result) => {
    const value = getOwn(source, key);
    if (value === undefined) return false;
    result[name] = represent === null ? value : representValue(represent, value);
    return true;
  };
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
