import type { QueryPlanSelectionNode } from '@apollo/query-planner';
import {
  type DocumentNode,
  type FieldNode,
  Kind,
  OperationTypeNode,
  parse,
  print,
  type SelectionNode,
  visit,
} from 'graphql';
import type { CompileContext } from '../execution/execute.ts';
import type { FetchStep, PlannedFetch, PlanPath } from './fetchGraph.ts';
import { findUnsound, type Unsound } from './soundPlan.ts';
import { entitySelections, type PreparedFetch, usesVariable } from './splitRequirements.ts';

type Facts = Pick<CompileContext, 'fullSchema' | 'fixed' | 'facts'>;

/**
 * Where a field with @requires requires another such field, the planner may ask for the inner one before what that one
 * requires is there. It is taken out of that fetch and asked for in one of its own once that is there, and whatever is
 * handed it waits. What cannot be repaired so stays as it is, to be refused.
 */
export const repairPlan = (facts: Facts, steps: FetchStep[]): void => {
  for (const step of [...steps]) {
    const unsound = findUnsound(facts, step.planned);
    const removals = unsound.map((found) => removalsFor(facts, step, found));
    if (unsound.length === 0 || removals.includes(null)) continue;
    const removed = new Set(removals.flatMap((fields) => fields ?? []));
    const { fetch } = step.planned;
    step.planned = { ...step.planned, fetch: { ...fetch, document: without(fetch.document, removed) } };
    for (const found of unsound) supply(facts, steps, step, found, removed);
  }
};

/** What must not be asked for there; null where it cannot be had in another way. */
const removalsFor = ({ fixed, facts }: Facts, step: FetchStep, unsound: Unsound): readonly FieldNode[] | null => {
  const { field, set, type } = unsound;
  const subgraph = step.planned.fetch.serviceName;
  const isThere = (name: string): boolean => fieldsIn(set).some((other) => keyOf(other) === name);
  const canBeHad = (name: string, seen: readonly string[]): boolean => {
    const giver = facts.giverOf(type, name);
    if (giver === null || seen.includes(name) || !giver.key.every(isThere)) return false;
    const uses = [...fixed.usesOf(giver.subgraph, type, name)];
    return uses.every(([path, inner]) => !path.includes('.') && canBeHad(inner, [...seen, name]));
  };
  if (!canBeHad(field.name.value, [])) return null;
  const required = new Set(fixed.usesOf(subgraph, type, field.name.value).values());
  // The planner may also have asked for what is required where it is only known of.
  const borrowed = fieldsIn(set).filter(
    (other) => required.has(keyOf(other)) && facts.isExternal(subgraph, type, other.name.value),
  );
  return [field, ...borrowed];
};

/** Has the field asked for after what it requires, and before what it is handed to. */
const supply = (
  facts: Facts,
  steps: FetchStep[],
  step: FetchStep,
  { set, type, path }: Unsound,
  removed: ReadonlySet<SelectionNode>,
): void => {
  /** None of `waiting` may be waited for. */
  const obtain = (asked: FieldNode, waiting: readonly FetchStep[]): FetchStep => {
    const key = keyOf(asked);
    if (fieldsIn(set).some((other) => keyOf(other) === key && !removed.has(other))) return step;
    const known = steps.find(
      (other) => isGiving(facts, other, path, type, key) && !waiting.some((waits) => dependsOn(other, waits)),
    );
    if (known) return known;
    const giver = facts.facts.giverOf(type, asked.name.value);
    if (giver === null) throw new Error(`no subgraph gives ${type}.${asked.name.value}`);
    const uses = [...facts.fixed.usesOf(giver.subgraph, type, asked.name.value).values()];
    const before = uses.map((name) => obtain(fieldNamed(name, facts), waiting));
    const planned = entityFetch(step.planned, giver.subgraph, type, path, [...giver.key, ...uses], asked);
    const added: FetchStep = { planned, after: [...new Set([step, ...before])] };
    steps.push(added);
    return added;
  };
  for (const asked of removed)
    if (asked.kind === Kind.FIELD && fieldsIn(set).includes(asked)) {
      const waiting = steps.filter((other) => isHanded(other, path, keyOf(asked)));
      const giving = obtain(asked, waiting);
      for (const other of waiting) other.after = [...new Set([...other.after, giving])];
    }
};

const isAt = ({ planned }: FetchStep, path: PlanPath): boolean => planned.path.join('.') === path.join('.');

const isGiving = (facts: Facts, step: FetchStep, path: PlanPath, type: string, key: string): boolean => {
  const { requires, document } = step.planned.fetch;
  if (!requires || !isAt(step, path) || findUnsound(facts, step.planned).length > 0) return false;
  return entitySelections(document).some(
    (selection) =>
      selection.kind === Kind.INLINE_FRAGMENT &&
      selection.typeCondition?.name.value === type &&
      fieldsIn(selection.selectionSet).some((field) => keyOf(field) === key),
  );
};

const isHanded = (step: FetchStep, path: PlanPath, key: string): boolean => {
  const hands = (selection: QueryPlanSelectionNode): boolean =>
    selection.kind === 'InlineFragment'
      ? selection.selections.some(hands)
      : (selection.alias ?? selection.name) === key;
  return isAt(step, path) && (step.planned.fetch.requires ?? []).some(hands);
};

const dependsOn = (step: FetchStep, other: FetchStep): boolean =>
  step === other || step.after.some((before) => dependsOn(before, other));

const keyOf = (field: FieldNode): string => field.alias?.value ?? field.name.value;

const fieldsIn = ({ selections }: Unsound['set']): readonly FieldNode[] =>
  selections.filter((selection) => selection.kind === Kind.FIELD);

const fieldNamed = (name: string, { fixed }: Facts): FieldNode => {
  const real = fixed.fields.get(name);
  const node = (value: string) => ({ kind: Kind.NAME, value }) as const;
  if (!real) return { kind: Kind.FIELD, name: node(name) };
  return { kind: Kind.FIELD, alias: node(name), name: node(real.field), arguments: real.arguments };
};

const typenameField: FieldNode = { kind: Kind.FIELD, name: { kind: Kind.NAME, value: '__typename' } };

const without = (document: DocumentNode, removed: ReadonlySet<SelectionNode>): DocumentNode => {
  const left: DocumentNode = visit(document, {
    Field: (node) => (removed.has(node) ? null : undefined),
    SelectionSet: {
      leave: (node) => (node.selections.length === 0 ? { ...node, selections: [typenameField] } : undefined),
    },
  });
  return visit(left, {
    VariableDefinition: (node) => (usesVariable(left, node.variable.name.value) ? undefined : null),
  });
};

const entityFetch = (
  { fetch: origin, when }: PlannedFetch,
  subgraph: string,
  type: string,
  path: PlanPath,
  requires: readonly string[],
  asked: FieldNode,
): PlannedFetch => {
  const text = `query ($representations: [_Any!]!) { _entities(representations: $representations) { ... on ${type} { __typename } } }`;
  const template = parse(text, { noLocation: true });
  const withField: DocumentNode = visit(template, {
    Field: (node) => (node.name.value === '__typename' ? asked : undefined),
  });
  const definitions = origin.document.definitions.flatMap((definition) =>
    definition.kind === Kind.OPERATION_DEFINITION ? (definition.variableDefinitions ?? []) : [],
  );
  const used = definitions.filter(
    ({ type: declared, variable }) => print(declared) !== '[_Any!]!' && usesVariable(withField, variable.name.value),
  );
  const fetch: PreparedFetch = {
    kind: 'Fetch',
    serviceName: subgraph,
    operationKind: OperationTypeNode.QUERY,
    operationName: undefined,
    variableUsages: used.map(({ variable }) => variable.name.value),
    requires: [
      {
        kind: 'InlineFragment',
        typeCondition: type,
        selections: ['__typename', ...new Set(requires)].map((name) => ({ kind: 'Field', name })),
      },
    ],
    document: visit(withField, {
      OperationDefinition: (node) => ({
        ...node,
        variableDefinitions: [...(node.variableDefinitions ?? []), ...used],
      }),
    }),
  };
  return { fetch, path, when };
};
