import { type GraphQLInputType, isInputObjectType, isListType, isNonNullType } from 'graphql';
import { isObject } from '../execution/ownKeys.ts';
import type { CostRules } from './costRules.ts';

/** What one value of an input type costs. */
export type InputCost = (value: unknown) => number;

/**
 * The cost of arguments: an input object weighs 1 and a scalar 0 where no @cost says otherwise, each item of a list its
 * own. `costOf` gives null for what never costs anything, however long it is.
 */
export const createInputCost = (rules: CostRules) => {
  const known = new Map<string, InputCost | null>();

  const costOf = (type: GraphQLInputType, place: string): InputCost | null => {
    const key = `${place}: ${type}`;
    const cost = known.get(key);
    if (cost !== undefined) return cost;
    // Stands while the type is looked at: input objects may contain themselves.
    known.set(key, (value) => made?.(value) ?? 0);
    const made = build(type, place);
    known.set(key, made);
    return made;
  };

  const build = (type: GraphQLInputType, place: string): InputCost | null => {
    if (isNonNullType(type)) return costOf(type.ofType, place);
    if (isListType(type)) {
      const ofItem = costOf(type.ofType, place);
      if (ofItem === null) return null;
      // A single value stands for a list of one.
      return (value) =>
        Array.isArray(value) ? value.reduce<number>((sum, item) => sum + ofItem(item), 0) : ofItem(value);
    }
    const weight = rules.weightOf(place) ?? rules.weightOf(type.name) ?? (isInputObjectType(type) ? 1 : 0);
    if (!isInputObjectType(type)) return weight === 0 ? null : () => weight;
    const fields = Object.values(type.getFields()).flatMap((field) => {
      const ofField = costOf(field.type, `${type.name}.${field.name}`);
      return ofField === null ? [] : [{ name: field.name, ofField }];
    });
    return (value) => {
      let sum = weight;
      if (isObject(value))
        for (const { name, ofField } of fields) if (value[name] !== undefined) sum += ofField(value[name]);
      return sum;
    };
  };

  return { costOf };
};
