import {
  type FieldNode,
  type GraphQLCompositeType,
  type GraphQLSchema,
  getNamedType,
  isAbstractType,
  isCompositeType,
  Kind,
  type OperationDefinitionNode,
  OperationTypeNode,
  type SelectionSetNode,
} from 'graphql';
import type { Fragments } from '../access/authorize.ts';
import type { CacheHints } from './cacheHints.ts';

/** How long an operation's answer may be kept, and whether for its caller alone. */
export type CachePolicy = { readonly maxAgeSeconds: number; readonly isPrivate: boolean };

/**
 * By Apollo Server's rules ("Server-side caching"): root fields and fields that give objects may not be kept unless a
 * hint at the field or at its type says so, others as long as the field above; the shortest counts, and one PRIVATE makes
 * the whole answer private. Read off the operation, so what @skip and @include would leave out counts too, and of an
 * interface or union all that it may be. Null where it may not be kept.
 */
export const cachePolicyOf = (
  { schema, hints }: { readonly schema: GraphQLSchema; readonly hints: CacheHints },
  operation: OperationDefinitionNode,
  fragments: Fragments,
): CachePolicy | null => {
  const root = schema.getQueryType();
  if (operation.operation !== OperationTypeNode.QUERY || !root) return null;
  let maxAgeSeconds = Number.POSITIVE_INFINITY;
  let isPrivate = false;
  const seen = new Set<string>();
  const ids = new Map<SelectionSetNode, number>();
  const idOf = (set: SelectionSetNode): number => {
    const id = ids.get(set) ?? ids.size;
    ids.set(set, id);
    return id;
  };

  const walkField = (parent: GraphQLCompositeType, field: FieldNode, above: number | null): void => {
    const name = field.name.value;
    if (name === '__typename') return;
    const found = 'getFields' in parent ? parent.getFields()[name] : undefined;
    if (!found) {
      // Introspection: not ours to keep.
      maxAgeSeconds = 0;
      return;
    }
    const type = getNamedType(found.type);
    const isObject = isCompositeType(type);
    const ofField = hints.hintOf(`${parent.name}.${name}`);
    const ofType = isObject ? hints.hintOf(type.name) : undefined;
    const inherits = (ofField?.inherits ?? false) || (ofField?.maxAge == null && (ofType?.inherits ?? false));
    const hinted = ofField?.maxAge ?? (ofField?.inherits ? null : (ofType?.maxAge ?? null));
    const ownDefault = isObject || above === null ? 0 : above;
    const maxAge = hinted ?? (inherits && above !== null ? above : ownDefault);
    maxAgeSeconds = Math.min(maxAgeSeconds, maxAge);
    isPrivate ||= ofField?.isPrivate ?? ofType?.isPrivate ?? false;
    if (isObject && field.selectionSet) walk(type, field.selectionSet, maxAge);
  };
  const walk = (parent: GraphQLCompositeType, set: SelectionSetNode, above: number | null): void => {
    const place = `${parent.name} ${idOf(set)} ${above}`;
    if (maxAgeSeconds === 0 || seen.has(place)) return;
    seen.add(place);
    for (const selection of set.selections) {
      if (selection.kind === Kind.FIELD) {
        const parents = isAbstractType(parent) ? [parent, ...schema.getPossibleTypes(parent)] : [parent];
        for (const one of parents)
          if (one === parent || hasField(one, selection.name.value)) walkField(one, selection, above);
        continue;
      }
      const fragment = selection.kind === Kind.INLINE_FRAGMENT ? selection : fragments.get(selection.name.value);
      const type = fragment?.typeCondition ? schema.getType(fragment.typeCondition.name.value) : parent;
      if (fragment && isCompositeType(type)) walk(type, fragment.selectionSet, above);
    }
  };
  walk(root, operation.selectionSet, null);
  return maxAgeSeconds > 0 && Number.isFinite(maxAgeSeconds) ? { maxAgeSeconds, isPrivate } : null;
};

const hasField = (type: GraphQLCompositeType, name: string): boolean => 'getFields' in type && name in type.getFields();
