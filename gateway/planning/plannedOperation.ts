import {
  type FieldNode,
  Kind,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
  visit,
} from 'graphql';
import type { Fragments } from '../access/authorize.ts';
import { conditionsOf, type Variables, withoutConditions } from '../execution/conditions.ts';
import type { DataKeyOf } from './dataKeys.ts';

const typenameField: FieldNode = { kind: Kind.FIELD, name: { kind: Kind.NAME, value: '__typename' } };

/**
 * The operation as the planner gets it: without refused and introspection fields, fragments in place, every field
 * under its data key. With `decided`, also without what `@skip` and `@include` leave out for those values. Null where
 * nothing is left to fetch.
 */
export const toPlannedOperation = (
  operation: OperationDefinitionNode,
  fragments: Fragments,
  refused: ReadonlySet<FieldNode>,
  dataKeyOf: DataKeyOf,
  decided: Variables | null = null,
): OperationDefinitionNode | null => {
  const directivesOf = ({ directives = [] }: SelectionNode) => ({
    directives: decided === null ? directives : withoutConditions(directives),
  });
  const rewriteField = (field: FieldNode): FieldNode => {
    const dataKey = dataKeyOf(field);
    const { alias: _alias, selectionSet, ...rest } = field;
    return {
      ...rest,
      ...directivesOf(field),
      ...(dataKey === field.name.value ? {} : { alias: { kind: Kind.NAME, value: dataKey } }),
      ...(selectionSet ? { selectionSet: rewriteSet(selectionSet) } : {}),
    };
  };
  const rewriteSelections = (selections: readonly SelectionNode[], isRoot: boolean): SelectionNode[] =>
    selections.flatMap((selection): SelectionNode[] => {
      if (conditionsOf(selection.directives, [], decided) === null) return [];
      if (selection.kind === Kind.FIELD) {
        const isIntrospection = isRoot && selection.name.value.startsWith('__');
        return refused.has(selection) || isIntrospection ? [] : [rewriteField(selection)];
      }
      const fragment = selection.kind === Kind.INLINE_FRAGMENT ? selection : fragments.get(selection.name.value);
      if (!fragment) return [];
      const inner = rewriteSelections(fragment.selectionSet.selections, isRoot);
      if (inner.length === 0) return [];
      return [
        {
          kind: Kind.INLINE_FRAGMENT,
          ...(fragment.typeCondition ? { typeCondition: fragment.typeCondition } : {}),
          ...directivesOf(selection),
          selectionSet: { kind: Kind.SELECTION_SET, selections: inner },
        },
      ];
    });
  const rewriteSet = (set: SelectionSetNode): SelectionSetNode => {
    const selections = rewriteSelections(set.selections, false);
    return { kind: Kind.SELECTION_SET, selections: selections.length > 0 ? selections : [typenameField] };
  };

  const selections = rewriteSelections(operation.selectionSet.selections, true);
  if (selections.length === 0) return null;
  const selectionSet: SelectionSetNode = { kind: Kind.SELECTION_SET, selections };
  const used = usedVariables(selectionSet);
  const variableDefinitions = (operation.variableDefinitions ?? []).filter(({ variable }) =>
    used.has(variable.name.value),
  );
  return { ...operation, variableDefinitions, selectionSet };
};

const usedVariables = (set: SelectionSetNode): ReadonlySet<string> => {
  const used = new Set<string>();
  visit(set, { Variable: (node) => void used.add(node.name.value) });
  return used;
};

/** The operation's introspection fields alone, for graphql-js; null where there are none but `__typename`. */
export const toIntrospection = (
  operation: OperationDefinitionNode,
  fragments: Fragments,
): OperationDefinitionNode | null => {
  const keep = (selections: readonly SelectionNode[]): SelectionNode[] =>
    selections.flatMap((selection): SelectionNode[] => {
      if (selection.kind === Kind.FIELD)
        return selection.name.value === '__schema' || selection.name.value === '__type' ? [selection] : [];
      const fragment = selection.kind === Kind.INLINE_FRAGMENT ? selection : fragments.get(selection.name.value);
      const inner = fragment ? keep(fragment.selectionSet.selections) : [];
      if (inner.length === 0) return [];
      const directives = selection.directives ? { directives: selection.directives } : {};
      return [
        { kind: Kind.INLINE_FRAGMENT, ...directives, selectionSet: { kind: Kind.SELECTION_SET, selections: inner } },
      ];
    });
  const selections = keep(operation.selectionSet.selections);
  return selections.length === 0 ? null : { ...operation, selectionSet: { kind: Kind.SELECTION_SET, selections } };
};

/** Asks for the type of every object: what answers only what is asked for must be asked for what projection needs. */
export const withTypenames = (operation: OperationDefinitionNode): OperationDefinitionNode =>
  visit(operation, {
    SelectionSet: (set, _key, parent) =>
      parent === operation ? undefined : { ...set, selections: [...set.selections, typenameField] },
  });
