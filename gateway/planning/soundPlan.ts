import type { QueryPlanSelectionNode } from '@apollo/query-planner';
import {
  type FieldNode,
  type GraphQLOutputType,
  type GraphQLSchema,
  getNamedType,
  isInterfaceType,
  isListType,
  isNonNullType,
  isObjectType,
  Kind,
  type SelectionSetNode,
} from 'graphql';
import { refusal } from '../errors.ts';
import type { CompileContext } from '../execution/execute.ts';
import type { PlannedFetch, PlannedRequest, PlanPath } from './fetchGraph.ts';

/** A field with @requires, asked for where what it requires is neither handed over nor read with it. */
export type Unsound = {
  readonly field: FieldNode;
  /** The selections it stands among, its object's type and where that is in the data. */
  readonly set: SelectionSetNode;
  readonly type: string;
  readonly path: PlanPath;
};
type Facts = Pick<CompileContext, 'fullSchema' | 'fixed' | 'facts'>;

export const findUnsound = ({ fullSchema, fixed, facts }: Facts, planned: PlannedFetch): readonly Unsound[] => {
  const { serviceName: subgraph, document, requires = [] } = planned.fetch;
  const handedOver = new Set(requires.flatMap((selection) => topNames(selection, fixed.fields)));
  const found: Unsound[] = [];
  /** `given`: what is known of these objects without the subgraph's being able to give it. */
  const search = (set: SelectionSetNode, type: string, path: PlanPath, given: ReadonlySet<string>): void => {
    const known = new Set([...given, ...namesIn(set).filter((name) => !facts.isExternal(subgraph, type, name))]);
    for (const selection of set.selections) {
      if (selection.kind === Kind.INLINE_FRAGMENT)
        search(selection.selectionSet, selection.typeCondition?.name.value ?? type, path, known);
      if (selection.kind !== Kind.FIELD) continue;
      const name = selection.name.value;
      const required = [...fixed.usesOf(subgraph, type, name).keys()];
      if (required.some((dotted) => !known.has(dotted.split('.')[0] ?? '')))
        found.push({ field: selection, set, type, path });
      if (!selection.selectionSet) continue;
      if (name === '_entities') search(selection.selectionSet, '', planned.path, handedOver);
      else {
        const declared = typeOf(fullSchema, type, name);
        const inner = declared ? getNamedType(declared).name : '';
        const here = [...path, selection.alias?.value ?? name, ...listSteps(declared)];
        search(selection.selectionSet, inner, here, new Set(facts.providedBy(subgraph, type, name)));
      }
    }
  };
  for (const definition of document.definitions)
    if (definition.kind === Kind.OPERATION_DEFINITION)
      search(definition.selectionSet, fullSchema.getRootType(definition.operation)?.name ?? '', [], new Set());
  return found;
};

/** What is still not sound after all repairs (see repairPlan.ts) is not run: the answer would be made of nothing. @throws a refusal */
export const assertSound = (facts: Facts, requests: readonly PlannedRequest[]): void => {
  for (const { fetches } of requests)
    for (const planned of fetches) {
      const [unsound] = findUnsound(facts, planned);
      if (unsound)
        throw refusal(
          'FIELD_UNREACHABLE',
          `No plan was found that hands "${unsound.type}.${unsound.field.name.value}" what it requires of other subgraphs. Ask for it in an operation of its own, or by another way to its object.`,
          500,
        );
    }
};

const namesIn = ({ selections }: SelectionSetNode): readonly string[] =>
  selections.flatMap((selection) => (selection.kind === Kind.FIELD ? [selection.name.value] : []));

const topNames = (selection: QueryPlanSelectionNode, fields: CompileContext['fixed']['fields']): readonly string[] =>
  selection.kind === 'Field'
    ? [fields.get(selection.name)?.field ?? selection.name]
    : selection.selections.flatMap((inner) => topNames(inner, fields));

const typeOf = (schema: GraphQLSchema, type: string, field: string): GraphQLOutputType | undefined => {
  const parent = schema.getType(type);
  return isObjectType(parent) || isInterfaceType(parent) ? parent.getFields()[field]?.type : undefined;
};

const listSteps = (type: GraphQLOutputType | undefined): readonly string[] => {
  if (type === undefined) return [];
  if (isNonNullType(type)) return listSteps(type.ofType);
  return isListType(type) ? ['@', ...listSteps(type.ofType)] : [];
};
