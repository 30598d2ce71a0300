import type { Actor } from '@parley/kernel/actor';
import {
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLCompositeType,
  type GraphQLFormattedError,
  type GraphQLOutputType,
  type GraphQLSchema,
  getNamedType,
  isAbstractType,
  isCompositeType,
  isInterfaceType,
  isListType,
  isNonNullType,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from 'graphql';
import type { AccessRules, Requirement } from './accessRules.ts';
import { policiesOf } from './policies.ts';

export type Fragments = ReadonlyMap<string, FragmentDefinitionNode>;

/** The fields an operation loses, and the errors that say so. */
export type Refusals = {
  readonly fields: ReadonlySet<FieldNode>;
  readonly errors: readonly GraphQLFormattedError[];
};

/** May this caller have what the requirement guards? Our own services hold no scopes and need none. */
export const isMet = ({ of, anyOf }: Requirement, actor: Actor | null): boolean => {
  if (actor === null) return false;
  if (actor.kind === 'SERVICE' || of === 'identity') return true;
  const held = of === 'scopes' ? actor.scopes : policiesOf(actor);
  return anyOf.some((all) => all.every((one) => held.includes(one)));
};

/**
 * Which fields of an operation the caller may not have, by Apollo Router's rules: a field is refused for its own
 * requirement, for that of the type it returns or is reached through (fragments), and on an interface for that of any
 * implementation; a field left without a selection goes too. Errors name a place once, `@` standing for list items.
 * What is refused depends on the selection alone, never on where a fragment is spread.
 */
export const findRefusals = (
  schema: GraphQLSchema,
  rules: AccessRules,
  operation: OperationDefinitionNode,
  fragments: Fragments,
  met: (requirement: Requirement) => boolean,
  code: string,
): Refusals => {
  const refused = new Set<FieldNode>();
  const errors: GraphQLFormattedError[] = [];
  const reported = new Set<string>();

  const report = (path: readonly string[]): void => {
    const key = path.join('\n');
    if (reported.has(key)) return;
    reported.add(key);
    errors.push({ message: messages[code] ?? 'Unauthorized field or type.', path: [...path], extensions: { code } });
  };
  const allMet = (requirements: readonly Requirement[]): boolean => requirements.every(met);
  const typeIsMet = (
    type: GraphQLCompositeType,
    selections: SelectionSetNode,
    within?: GraphQLCompositeType,
  ): boolean => {
    if (!allMet(rules.ofType(type.name))) return false;
    if (!isAbstractType(type) || !selectsFields(selections)) return true;
    return schema
      .getPossibleTypes(type)
      .every((possible) => (within && !overlaps(schema, within, possible.name)) || allMet(rules.ofType(possible.name)));
  };
  const fieldIsMet = (parent: GraphQLCompositeType, field: FieldNode, type: GraphQLOutputType): boolean => {
    const name = field.name.value;
    if (!allMet(rules.ofField(parent.name, name))) return false;
    if (
      isInterfaceType(parent) &&
      !schema.getPossibleTypes(parent).every((possible) => allMet(rules.ofField(possible.name, name)))
    )
      return false;
    const named = getNamedType(type);
    if (isCompositeType(named) && field.selectionSet) return typeIsMet(named, field.selectionSet);
    return allMet(rules.ofType(named.name));
  };

  /** Whether anything of the selection is left. */
  const walk = (
    parent: GraphQLCompositeType,
    set: SelectionSetNode,
    path: readonly string[],
    denied: boolean,
  ): boolean => {
    let left = false;
    for (const selection of set.selections) {
      if (selection.kind === Kind.FIELD) {
        if (walkField(parent, selection, path, denied)) left = true;
        continue;
      }
      const fragment = selection.kind === Kind.INLINE_FRAGMENT ? selection : fragments.get(selection.name.value);
      if (!fragment) continue;
      const type = fragment.typeCondition ? schema.getType(fragment.typeCondition.name.value) : parent;
      if (!isCompositeType(type)) continue;
      const fragmentDenied = denied || (type !== parent && !typeIsMet(type, fragment.selectionSet, parent));
      if (walk(type, fragment.selectionSet, path, fragmentDenied)) left = true;
    }
    return left;
  };
  const walkField = (
    parent: GraphQLCompositeType,
    field: FieldNode,
    path: readonly string[],
    denied: boolean,
  ): boolean => {
    const name = field.name.value;
    if (name.startsWith('__')) return !denied;
    const type = 'getFields' in parent ? parent.getFields()[name]?.type : undefined;
    if (!type) return true;
    const own = [...path, field.alias?.value ?? name];
    if (denied || !fieldIsMet(parent, field, type)) {
      refused.add(field);
      report(own);
      return false;
    }
    const named = getNamedType(type);
    if (!field.selectionSet || !isCompositeType(named)) return true;
    const left = walk(named, field.selectionSet, [...own, ...listMarks(type)], false);
    if (!left) refused.add(field);
    return left;
  };

  const root = schema.getRootType(operation.operation);
  if (root) walk(root, operation.selectionSet, [], !allMet(rules.ofType(root.name)));
  return { fields: refused, errors };
};

const messages: Readonly<Record<string, string>> = {
  UNAUTHENTICATED: 'Sign in to see this.',
  UNAUTHORIZED_FIELD_OR_TYPE: 'Unauthorized field or type.',
};

/** Does the selection take fields straight off the type, rather than only inside fragments on narrower ones? */
const selectsFields = (set: SelectionSetNode): boolean =>
  set.selections.some((selection) =>
    selection.kind === Kind.FIELD
      ? selection.name.value !== '__typename'
      : selection.kind === Kind.INLINE_FRAGMENT && !selection.typeCondition && selectsFields(selection.selectionSet),
  );

const overlaps = (schema: GraphQLSchema, within: GraphQLCompositeType, name: string): boolean =>
  isAbstractType(within)
    ? schema.getPossibleTypes(within).some((possible) => possible.name === name)
    : within.name === name;

const listMarks = (type: GraphQLOutputType): string[] => {
  if (isNonNullType(type)) return listMarks(type.ofType);
  return isListType(type) ? ['@', ...listMarks(type.ofType)] : [];
};
