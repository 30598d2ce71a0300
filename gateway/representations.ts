import type { QueryPlanSelectionNode } from '@apollo/query-planner';
import { type GraphQLSchema, isAbstractType, isInterfaceType, isObjectType } from 'graphql';
import { type DataObject, deepMerge, getOwn, isObject } from './ownKeys.ts';

/** What a subgraph needs to know an entity by, cut from what is known of it; null where something is missing. */
export type Represent = (entity: DataObject) => DataObject | null;

export const compileRepresentation = (
  schema: GraphQLSchema,
  selections: readonly QueryPlanSelectionNode[],
): Represent => {
  const parts = selections.map((selection) => partOf(schema, selection));
  return (entity) => {
    const result: DataObject = Object.create(null);
    return parts.every((part) => part(entity, result)) ? result : null;
  };
};

/** Adds its part to `result`; false where a field is missing. */
type Part = (source: DataObject, result: DataObject) => boolean;

const partOf = (schema: GraphQLSchema, selection: QueryPlanSelectionNode): Part => {
  if (selection.kind === 'InlineFragment') {
    const { typeCondition } = selection;
    if (typeCondition === undefined) return () => true;
    const represent = compileRepresentation(schema, selection.selections);
    return (source, result) => {
      if (!isOfType(schema, source, typeCondition)) return true;
      const part = represent(source);
      if (part !== null) deepMerge(result, part);
      return true;
    };
  }
  const key = selection.alias ?? selection.name;
  const represent = selection.selections ? compileRepresentation(schema, selection.selections) : null;
  return (source, result) => {
    const value = getOwn(source, key);
    if (value === undefined) return false;
    result[key] = represent === null ? value : representValue(represent, value);
    return true;
  };
};

const representValue = (represent: Represent, value: unknown): unknown => {
  if (Array.isArray(value)) return value.map((item) => representValue(represent, item));
  return isObject(value) ? represent(value) : null;
};

/** Whether an object's own `__typename` is the named type or one of its kind. `unknown` is the answer without one. */
export const isOfType = (schema: GraphQLSchema, object: DataObject, name: string, unknown = false): boolean => {
  const typename = getOwn(object, '__typename');
  if (typeof typename !== 'string') return unknown;
  if (typename === name) return true;
  const condition = schema.getType(name);
  const type = schema.getType(typename);
  return (
    isAbstractType(condition) && (isObjectType(type) || isInterfaceType(type)) && schema.isSubType(condition, type)
  );
};
