import type { FetchNode, QueryPlanSelectionNode } from '@apollo/query-planner';
import { type DocumentNode, Kind, parse, type SelectionNode, visit } from 'graphql';
import type { FixedArguments } from './fixedArguments.ts';

/** A fetch whose text is as its subgraph knows it. */
export type PreparedFetch = Omit<FetchNode, 'operation'> & { readonly document: DocumentNode };

/** Per dotted path, the field with fixed arguments whose value goes there. */
type Choice = Map<string, string>;

/**
 * Gives fields with fixed arguments (see fixedArguments.ts) their real names. Fields that require one field with
 * different arguments cannot be asked for with one representation, so such a fetch becomes several.
 */
export const prepareFetch = (fetch: FetchNode, fixed: FixedArguments): readonly PreparedFetch[] => {
  const { operation, ...rest } = fetch;
  const document = parse(operation, { noLocation: true });
  if (fixed.fields.size === 0) return [{ ...rest, document }];
  if (!fetch.requires) return [{ ...rest, document: withRealFields(document, fixed) }];
  return chooseAll(fetch, document, fixed).map(({ choice, document: part }) => ({
    ...rest,
    document: withRealFields(part, fixed),
    variableUsages: (fetch.variableUsages ?? []).filter((name) => usesVariable(part, name)),
    requires: (fetch.requires ?? []).flatMap((selection) => onlyChosen(selection, choice, fixed, [])),
  }));
};

/** The parts a fetch falls into, and what each needs. Mostly one. */
const chooseAll = (fetch: FetchNode, document: DocumentNode, fixed: FixedArguments) => {
  const parts: { choice: Choice; fields: Set<SelectionNode> }[] = [];
  const place = (selection: SelectionNode, uses: ReadonlyMap<string, string>): void => {
    const fits = ({ choice }: { choice: Choice }): boolean =>
      [...uses].every(([path, name]) => (choice.get(path) ?? name) === name);
    const known = parts.find(fits);
    const part = known ?? { choice: new Map(), fields: new Set() };
    if (!known) parts.push(part);
    for (const [path, name] of uses) part.choice.set(path, name);
    part.fields.add(selection);
  };
  const placeAll = (selections: readonly SelectionNode[], type: string): void => {
    for (const selection of selections)
      if (selection.kind === Kind.INLINE_FRAGMENT)
        placeAll(selection.selectionSet.selections, selection.typeCondition?.name.value ?? type);
      else if (selection.kind === Kind.FIELD)
        place(selection, fixed.usesOf(fetch.serviceName, type, selection.name.value));
  };
  for (const selection of entitySelections(document)) placeAll([selection], '');
  if (parts.length <= 1) return [{ choice: parts[0]?.choice ?? new Map<string, string>(), document }];
  return parts.map(({ choice, fields }) => ({
    choice,
    document: withOnly(
      document,
      fields,
      parts.flatMap((part) => [...part.fields]),
    ),
  }));
};

/** What is asked of entities. */
export const entitySelections = (document: DocumentNode): readonly SelectionNode[] =>
  document.definitions.flatMap((definition) =>
    definition.kind === Kind.OPERATION_DEFINITION
      ? definition.selectionSet.selections.flatMap((selection) =>
          selection.kind === Kind.FIELD ? (selection.selectionSet?.selections ?? []) : [],
        )
      : [],
  );

/** The document without those of `all` that are not among `kept`, nor what only they needed. */
const withOnly = (
  document: DocumentNode,
  kept: ReadonlySet<SelectionNode>,
  all: readonly SelectionNode[],
): DocumentNode => {
  const left: DocumentNode = visit(document, {
    Field: (node) => (all.includes(node) && !kept.has(node) ? null : undefined),
    InlineFragment: { leave: (node) => (node.selectionSet.selections.length === 0 ? null : undefined) },
  });
  return visit(left, {
    VariableDefinition: (node) => (usesVariable(left, node.variable.name.value) ? undefined : null),
  });
};

/** Whether a variable is used anywhere but in its definition. */
export const usesVariable = (document: DocumentNode, name: string): boolean => {
  let isUsed = false;
  visit(document, {
    VariableDefinition: () => false,
    Variable: (node) => {
      isUsed ||= node.name.value === name;
    },
  });
  return isUsed;
};

const withRealFields = (document: DocumentNode, { fields }: FixedArguments): DocumentNode =>
  visit(document, {
    Field: (node) => {
      const real = fields.get(node.name.value);
      if (!real) return undefined;
      return {
        ...node,
        alias: node.alias ?? node.name,
        name: { kind: Kind.NAME, value: real.field },
        arguments: real.arguments,
      };
    },
  });

/** Of several fields that would go to one place, the one chosen; the others belong to other parts. */
const onlyChosen = (
  selection: QueryPlanSelectionNode,
  choice: Choice,
  fixed: FixedArguments,
  path: readonly string[],
): QueryPlanSelectionNode[] => {
  if (selection.kind === 'InlineFragment')
    return [
      { ...selection, selections: selection.selections.flatMap((inner) => onlyChosen(inner, choice, fixed, path)) },
    ];
  const real = fixed.fields.get(selection.name);
  const here = [...path, real?.field ?? selection.name];
  const chosen = choice.get(here.join('.'));
  if (chosen !== undefined && chosen !== selection.name) return [];
  const { selections } = selection;
  return [
    selections
      ? { ...selection, selections: selections.flatMap((inner) => onlyChosen(inner, choice, fixed, here)) }
      : selection,
  ];
};
