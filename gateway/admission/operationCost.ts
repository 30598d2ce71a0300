import {
  type FieldNode,
  type GraphQLCompositeType,
  GraphQLError,
  type GraphQLField,
  type GraphQLOutputType,
  type GraphQLSchema,
  getNamedType,
  isAbstractType,
  isCompositeType,
  isInterfaceType,
  isListType,
  isNonNullType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from 'graphql';
import type { Fragments } from '../access/authorize.ts';
import { type Condition, conditionsOf, type Variables } from '../execution/conditions.ts';
import type { JoinFacts } from '../planning/joinFacts.ts';
import { compileArguments } from './argumentValues.ts';
import { bounded, type Cost, type Entry, evaluate, type Level } from './costLevels.ts';
import type { CostRules } from './costRules.ts';
import { onceIfFixed } from './fixedCost.ts';
import { createInputCost, type InputCost } from './inputCost.ts';
import { compileListSize, type SizeOf } from './listSizes.ts';

export type OperationCost = {
  /** At most this, for these variables; a refusal where a list's size makes no sense. Never Infinity. */
  of(variables: Variables): Cost | GraphQLError;
  /** The longest chain of requests to subgraphs, each of which needs the one before. */
  readonly callsInARow: number;
  /** `Type.field` of the first two uses of fields that guess at secrets. */
  readonly sensitive: readonly string[];
};
export type CostContext = {
  readonly schema: GraphQLSchema;
  readonly facts: JoinFacts;
  readonly costs: CostRules;
};
export type CostSettings = {
  /** Of a list nobody says anything about. */
  readonly assumedListSize: number;
  /** Items one page may have. */
  readonly pageSize: number;
};

/** A field of the Mutation type, where @cost says nothing. */
const mutationWeight = 10;
/** Lists below that a field above gives the size of. */
type Sizing = { readonly id: number; readonly fields: readonly string[]; readonly size: SizeOf };
type Collected = { readonly parent: GraphQLCompositeType; readonly nodes: FieldNode[]; readonly whens: Condition[][] };

/**
 * Static cost, read off the operation before it is planned. Compiled to levels that name those below by number: a
 * selection reached twice is counted twice and computed once, so that fragments cannot make this expensive (B08 to B10).
 */
export const compileCost = (
  context: CostContext,
  settings: CostSettings,
  operation: OperationDefinitionNode,
  fragments: Fragments,
): OperationCost => {
  const { schema, facts, costs } = context;
  const inputs = createInputCost(costs);
  const levels: Level[] = [];
  const known = new Map<string, number>();
  const ids = new Map<SelectionSetNode, number>();
  let sizings = 0;

  const idOf = (set: SelectionSetNode): number => {
    const id = ids.get(set) ?? ids.size;
    ids.set(set, id);
    return id;
  };

  /** Fields by response key and by the type that is said to have them. */
  const collect = (type: GraphQLCompositeType, sets: readonly SelectionSetNode[]): Iterable<Collected> => {
    const found = new Map<string, Collected>();
    const seen = new Set<string>();
    const walk = (parent: GraphQLCompositeType, set: SelectionSetNode, when: readonly Condition[]): void => {
      for (const selection of set.selections) {
        const conditions = conditionsOf(selection.directives, when);
        if (conditions === null) continue;
        if (selection.kind === Kind.FIELD) {
          const key = `${parent.name}.${selection.alias?.value ?? selection.name.value}`;
          const group = found.get(key) ?? { parent, nodes: [], whens: [] };
          group.nodes.push(selection);
          group.whens.push([...conditions]);
          found.set(key, group);
          continue;
        }
        const fragment = selection.kind === Kind.INLINE_FRAGMENT ? selection : fragments.get(selection.name.value);
        if (!fragment) continue;
        const within = narrow(schema, parent, fragment.typeCondition?.name.value);
        const visit = `${idOf(fragment.selectionSet)} ${within?.name} ${JSON.stringify(conditions)}`;
        if (within === null || seen.has(visit)) continue;
        seen.add(visit);
        walk(within, fragment.selectionSet, conditions);
      }
    };
    for (const set of sets) walk(type, set, []);
    return found.values();
  };

  const entryOf = (
    { parent, nodes, whens }: Collected,
    field: GraphQLField<unknown, unknown>,
    home: string | null,
    sizing: Sizing | null,
  ): Entry => {
    const [node] = nodes as [FieldNode, ...FieldNode[]];
    const place = placeOf(context, parent, field.name);
    const named = getNamedType(field.type);
    const values = compileArguments(node, field);
    const isMutation = parent === schema.getMutationType();
    const ofArguments = field.args.flatMap(({ name, type }): ((variables: Variables) => number)[] => {
      const cost: InputCost | null = inputs.costOf(type, `${place}(${name})`);
      if (cost === null || !values.given.has(name)) return [];
      return [
        (variables) => {
          const value = values.of(variables)[name];
          return value === undefined ? 0 : cost(value);
        },
      ];
    });
    const depth = listDepth(field.type);
    const rule = costs.listSizeOf(place);
    const ownSize =
      rule &&
      compileListSize(rule, field, values.given, values.of, {
        assumed: settings.assumedListSize,
        most: settings.pageSize,
      });
    const sized = rule && ownSize && rule.sizedFields.length > 0 ? { fields: rule.sizedFields, size: ownSize } : null;
    const below = sized ? { ...sized, id: ++sizings } : null;
    const given = sizing?.fields.includes(field.name) ? sizing.size : sized ? undefined : ownSize;
    const sets = nodes.flatMap(({ selectionSet }) => selectionSet ?? []);
    return {
      whens,
      weight: costs.weightOf(place) ?? (isMutation ? mutationWeight : isCompositeType(named) ? 1 : 0),
      inputs: ofArguments,
      typeWeight: weightOfType(context, named.name),
      // A page that makes no sense is refused also where nothing of it is selected.
      size: depth > 0 ? sizeOfLists(depth, given, settings.assumedListSize) : ownSize ? orOne(ownSize) : one,
      below: isCompositeType(named) && sets.length > 0 ? levelOf(named, sets, home, below) : null,
    };
  };

  const levelOf = (
    type: GraphQLCompositeType,
    sets: readonly SelectionSetNode[],
    home: string | null,
    sizing: Sizing | null,
  ): number => {
    const key = `${type.name} ${home} ${sizing?.id} ${sets.map(idOf).sort((a, b) => a - b)}`;
    const before = known.get(key);
    if (before !== undefined) return before;
    const base: Entry[] = [];
    const byType = new Map<string, Entry[]>();
    const called = new Set<string | null>();
    const sensitive: string[] = [];
    let calls = 0;
    let callsInARow = 0;
    for (const collected of collect(type, sets)) {
      const { parent, nodes } = collected;
      const name = nodes[0]?.name.value ?? '';
      const field = 'getFields' in parent ? parent.getFields()[name] : undefined;
      // `__typename` and introspection: nothing is asked of a subgraph.
      if (!field || name.startsWith('__')) continue;
      const givers = facts.giversOf(parent.name, name);
      const stays = givers.length === 0 || (home !== null && givers.includes(home));
      const giver = stays ? home : (givers[0] ?? home);
      // Mutations are called one after the other, whoever gives them.
      if (!stays && (parent === schema.getMutationType() || !called.has(giver))) calls += 1;
      if (!stays) called.add(giver);
      const entry = entryOf(collected, field, giver, sizing);
      const below = entry.below === null ? undefined : levels[entry.below];
      callsInARow = Math.max(callsInARow, (below?.callsInARow ?? 0) + (stays ? 0 : 1));
      const place = placeOf(context, parent, name);
      sensitive.push(...(costs.isSensitive(place) ? [place] : []), ...(below?.sensitive ?? []));
      if (isAbstractType(type) && isObjectType(parent))
        byType.set(parent.name, [...(byType.get(parent.name) ?? []), entry]);
      else base.push(entry);
    }
    const level: Level = {
      base,
      alternatives: [...byType.values()],
      calls,
      callsInARow,
      sensitive: sensitive.slice(0, 2),
    };
    const index = levels.push(level) - 1;
    known.set(key, index);
    return index;
  };

  const root = schema.getRootType(operation.operation);
  const top = root ? levelOf(root, [operation.selectionSet], null, null) : null;
  return {
    callsInARow: top === null ? 0 : (levels[top]?.callsInARow ?? 0),
    sensitive: top === null ? [] : (levels[top]?.sensitive ?? []),
    of: onceIfFixed((variables) => evaluate(levels, variables)),
  };
};

/** Where a directive about this field may stand: on the type, or, asked through an interface, on one that implements it. */
const placeOf = ({ schema, costs }: CostContext, parent: GraphQLCompositeType, field: string): string => {
  const own = `${parent.name}.${field}`;
  if (!isInterfaceType(parent)) return own;
  const says = (place: string): boolean =>
    costs.weightOf(place) !== undefined || costs.listSizeOf(place) !== undefined || costs.isSensitive(place);
  if (says(own)) return own;
  return (
    schema
      .getPossibleTypes(parent)
      .map(({ name }) => `${name}.${field}`)
      .find(says) ?? own
  );
};

/** Of an abstract type, its heaviest. */
const weightOfType = ({ schema, costs }: CostContext, name: string): number => {
  const type = schema.getType(name);
  const own = costs.weightOf(name);
  if (own !== undefined) return own;
  if (isAbstractType(type))
    return Math.max(0, ...schema.getPossibleTypes(type).map((possible) => costs.weightOf(possible.name) ?? 1));
  return isCompositeType(type) ? 1 : 0;
};

/** The type a fragment's fields are of, within `parent`; null where none can be. */
const narrow = (
  schema: GraphQLSchema,
  parent: GraphQLCompositeType,
  condition: string | undefined,
): GraphQLCompositeType | null => {
  if (condition === undefined || condition === parent.name) return parent;
  const type = schema.getType(condition);
  if (!isCompositeType(type)) return null;
  if (isAbstractType(type) && !isAbstractType(parent)) return schema.isSubType(type, parent) ? parent : null;
  if (isAbstractType(parent) && isObjectType(type)) return schema.isSubType(parent, type) ? type : null;
  return type;
};

const listDepth = (type: GraphQLOutputType): number => {
  if (isNonNullType(type)) return listDepth(type.ofType);
  return isListType(type) ? 1 + listDepth(type.ofType) : 0;
};

const one: SizeOf = () => 1;

/** `given` is the outermost list's; lists in it have what is assumed. */
const sizeOfLists = (depth: number, given: SizeOf | undefined, assumed: number): SizeOf => {
  const inner = assumed ** (depth - 1);
  return (variables) => {
    const size = given?.(variables) ?? assumed;
    return size instanceof GraphQLError ? size : bounded(size * inner);
  };
};

const orOne =
  (size: SizeOf): SizeOf =>
  (variables) => {
    const given = size(variables);
    return given instanceof GraphQLError ? given : 1;
  };
