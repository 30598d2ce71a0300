import {
  type DocumentNode,
  type FragmentDefinitionNode,
  type GraphQLError,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
  type ValueNode,
} from 'graphql';
import { refusal } from '../errors.ts';
import type { CostSettings } from './operationCost.ts';
import { countRepeatedPairs } from './repeatedFields.ts';

/** How large one operation may be before anything expensive looks at it. */
export type OperationLimits = SizeLimits & CostSettings;

/** Counts are of the operation with its fragments in place. */
type SizeLimits = {
  /** UTF-8 bytes of the document. */
  readonly queryBytes: number;
  readonly tokens: number;
  /** Nested selection sets. */
  readonly depth: number;
  readonly aliases: number;
  readonly selections: number;
  /** Pairs of fields that answer under one name in one place. */
  readonly repeatedPairs: number;
  readonly rootFields: number;
  readonly directives: number;
  /** Operations in one document. */
  readonly operations: number;
  /** Nested lists and objects in one literal. */
  readonly valueDepth: number;
  /** Points of static cost (operationCost.ts). */
  readonly cost: number;
  /** Requests to subgraphs, each of which needs the one before. */
  readonly callsInARow: number;
};

export const defaultOperationLimits: OperationLimits = {
  queryBytes: 64 * 1024,
  tokens: 4000,
  depth: 16,
  aliases: 100,
  selections: 1000,
  repeatedPairs: 50_000,
  rootFields: 20,
  directives: 100,
  operations: 10,
  valueDepth: 20,
  cost: 10_000,
  callsInARow: 10,
  assumedListSize: 5,
  pageSize: 100,
};

export const limitExceeded = (
  limit: keyof SizeLimits,
  limits: OperationLimits,
  details: Readonly<Record<string, number>> = {},
): GraphQLError =>
  refusal(
    `${codes[limit]}_LIMIT_EXCEEDED`,
    `The operation is too large: at most ${limits[limit]} ${words[limit]} are allowed.`,
    400,
    { limit: limits[limit], ...details },
  );

const codes: Readonly<Record<keyof SizeLimits, string>> = {
  queryBytes: 'BYTE',
  tokens: 'TOKEN',
  depth: 'DEPTH',
  aliases: 'ALIAS',
  selections: 'SELECTION',
  repeatedPairs: 'REPETITION',
  rootFields: 'ROOT_FIELD',
  directives: 'DIRECTIVE',
  operations: 'OPERATION',
  valueDepth: 'VALUE_DEPTH',
  cost: 'COST',
  callsInARow: 'CALL_CHAIN',
};
const words: Readonly<Record<keyof SizeLimits, string>> = {
  queryBytes: 'bytes',
  tokens: 'tokens',
  depth: 'levels of fields',
  aliases: 'aliases',
  selections: 'selections, fragments expanded,',
  repeatedPairs: 'pairs of fields of one name in one place',
  rootFields: 'root fields',
  directives: 'directives',
  operations: 'operations in a document',
  valueDepth: 'levels in a literal value',
  cost: 'points of cost',
  callsInARow: 'services asked one after the other',
};

/** What one selection set amounts to, fragments in place. */
type Size = { depth: number; aliases: number; selections: number; directives: number; fields: number };

/** The first limit the document breaks. Linear in the document: a fragment is measured once, however often it is spread (B10). */
export const findBrokenLimit = (document: DocumentNode, limits: OperationLimits): GraphQLError | null => {
  const fragments = new Map<string, FragmentDefinitionNode>();
  const operations: OperationDefinitionNode[] = [];
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
    else if (definition.kind === Kind.OPERATION_DEFINITION) operations.push(definition);
  }
  if (operations.length > limits.operations) return limitExceeded('operations', limits);

  const sizes = new Map<string, Size>();
  const measureFragment = (name: string): Size => {
    const known = sizes.get(name);
    if (known) return known;
    // Stands while the fragment is being measured, so that a circle ends here; validation then names the circle (B11).
    sizes.set(name, empty());
    const fragment = fragments.get(name);
    const size = fragment ? measure(fragment.selectionSet) : empty();
    sizes.set(name, size);
    return size;
  };
  const measure = (set: SelectionSetNode): Size => {
    const total = empty();
    total.depth = 1;
    for (const selection of set.selections) {
      total.selections += 1;
      total.directives += selection.directives?.length ?? 0;
      if (selection.kind === Kind.FIELD) {
        total.fields += 1;
        if (selection.alias) total.aliases += 1;
        if (selection.selectionSet) add(total, measure(selection.selectionSet), 1);
      } else {
        const inner =
          selection.kind === Kind.INLINE_FRAGMENT
            ? measure(selection.selectionSet)
            : measureFragment(selection.name.value);
        add(total, inner, 0);
        total.fields += inner.fields;
      }
    }
    return total;
  };

  for (const operation of operations) {
    const size = measure(operation.selectionSet);
    if (size.depth > limits.depth) return limitExceeded('depth', limits);
    if (size.fields > limits.rootFields) return limitExceeded('rootFields', limits);
    if (size.aliases > limits.aliases) return limitExceeded('aliases', limits);
    if (size.selections > limits.selections) return limitExceeded('selections', limits);
    const { selectionSet } = operation;
    const { selections, repeatedPairs: most } = limits;
    if (countRepeatedPairs(selectionSet, fragments, { most, selections }) > most)
      return limitExceeded('repeatedPairs', limits);
    const directives = size.directives + (operation.directives?.length ?? 0);
    if (directives > limits.directives) return limitExceeded('directives', limits);
  }
  return findDeepValue(document, limits) ? limitExceeded('valueDepth', limits) : null;
};

const empty = (): Size => ({ depth: 0, aliases: 0, selections: 0, directives: 0, fields: 0 });

const add = (total: Size, inner: Size, levels: number): void => {
  total.depth = Math.max(total.depth, inner.depth + levels);
  total.aliases += inner.aliases;
  total.selections += inner.selections;
  total.directives += inner.directives;
};

/** Whether any literal nests too deeply; looks no deeper than it has to. */
const findDeepValue = (document: DocumentNode, { valueDepth }: OperationLimits): boolean => {
  const isDeep = (value: ValueNode, level: number): boolean => {
    if (value.kind === Kind.LIST) return level > valueDepth || value.values.some((item) => isDeep(item, level + 1));
    if (value.kind === Kind.OBJECT)
      return level > valueDepth || value.fields.some((field) => isDeep(field.value, level + 1));
    return false;
  };
  type WithValues = Pick<OperationDefinitionNode, 'directives'>;
  const inDirectives = ({ directives }: WithValues): boolean =>
    directives?.some((directive) => directive.arguments?.some((argument) => isDeep(argument.value, 1))) ?? false;
  const inSelections = (set: SelectionSetNode): boolean =>
    set.selections.some(
      (selection) =>
        inDirectives(selection) ||
        (selection.kind === Kind.FIELD &&
          (selection.arguments?.some((argument) => isDeep(argument.value, 1)) ?? false)) ||
        (selection.kind !== Kind.FRAGMENT_SPREAD &&
          selection.selectionSet !== undefined &&
          inSelections(selection.selectionSet)),
    );
  return document.definitions.some((definition) => {
    if (definition.kind !== Kind.OPERATION_DEFINITION && definition.kind !== Kind.FRAGMENT_DEFINITION) return false;
    const defaults = definition.variableDefinitions?.some(
      (variable) => variable.defaultValue && isDeep(variable.defaultValue, 1),
    );
    return defaults || inDirectives(definition) || inSelections(definition.selectionSet);
  });
};
