import {
  type FieldNode,
  type GraphQLInterfaceType,
  type GraphQLObjectType,
  type GraphQLSchema,
  isAbstractType,
  Kind,
  type SelectionNode,
} from 'graphql';
import type { Fragments } from '../access/authorize.ts';
import { type Condition, type Conditions, conditionsOf } from './conditions.ts';

export type ObjectLike = GraphQLObjectType | GraphQLInterfaceType;
/** Selections that apply to one object, under the conditions around them. */
export type Group = {
  readonly selections: readonly SelectionNode[];
  readonly when: Conditions;
  readonly refused: boolean;
};
/** One response key of an object, all its occurrences together. */
export type CollectedField = {
  readonly node: FieldNode;
  readonly whens: Conditions[];
  readonly groups: Group[];
  refused: boolean;
};
export type CollectFields = (type: ObjectLike, groups: readonly Group[]) => ReadonlyMap<string, CollectedField>;

/** Fields in response order, occurrences of one key together (CollectFields, spec §6.3.2). */
export const createCollectFields =
  (schema: GraphQLSchema, fragments: Fragments, refused: ReadonlySet<FieldNode>): CollectFields =>
  (type, groups) => {
    const fields = new Map<string, CollectedField>();
    const applies = (condition: string | undefined): boolean => {
      if (condition === undefined || condition === type.name) return true;
      const conditionType = schema.getType(condition);
      return isAbstractType(conditionType) && schema.isSubType(conditionType, type);
    };
    const add = ({ selections, when, refused: groupRefused }: Group): void => {
      for (const selection of selections) {
        const conditions = conditionsOf(selection.directives, when);
        if (conditions === null) continue;
        if (selection.kind === Kind.FIELD) {
          const key = selection.alias?.value ?? selection.name.value;
          const isRefused = groupRefused || refused.has(selection);
          const field = fields.get(key) ?? { node: selection, whens: [], groups: [], refused: true };
          field.refused &&= isRefused;
          field.whens.push(conditions);
          if (selection.selectionSet)
            field.groups.push({ selections: selection.selectionSet.selections, when: conditions, refused: isRefused });
          fields.set(key, field);
          continue;
        }
        const fragment = selection.kind === Kind.INLINE_FRAGMENT ? selection : fragments.get(selection.name.value);
        if (fragment && applies(fragment.typeCondition?.name.value))
          add({ selections: fragment.selectionSet.selections, when: conditions, refused: groupRefused });
      }
    };
    for (const group of groups) add(group);
    return fields;
  };

/** When a field is part of the answer: null is always, otherwise any one of them must hold. */
export const whenOf = ({ whens }: CollectedField): readonly (readonly Condition[])[] | null => {
  const some = whens.filter((when) => when !== null);
  return some.some((conditions) => conditions.length === 0) ? null : some;
};
