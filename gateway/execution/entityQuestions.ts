import type { FetchDataRewrite } from '@apollo/query-planner';
import {
  type DocumentNode,
  Kind,
  type OperationDefinitionNode,
  print,
  type SelectionNode,
  type SelectionSetNode,
  stripIgnoredCharacters,
  type VariableDefinitionNode,
} from 'graphql';
import type { PlannedFetch } from '../planning/fetchGraph.ts';

/** One `_entities` field of a request: what is asked of all entities given to it, from however many places. */
export type EntityQuestion = {
  /** Its response key. */
  readonly key: string;
  /** The variable its representations go in. */
  readonly variable: string;
  /** What is asked of each entity, and its response keys. */
  readonly selectionSet: SelectionSetNode;
  readonly fields: readonly string[];
  readonly outputRewrites: readonly FetchDataRewrite[];
  readonly places: readonly PlannedFetch[];
};
export type EntityRequest = {
  readonly query: string;
  readonly operationName: string | undefined;
  readonly variableUsages: readonly string[];
  readonly questions: readonly EntityQuestion[];
};

/** Asks for all in one operation. Equal questions are asked once, with the entities of all their places. */
export const toEntityRequest = (fetches: readonly PlannedFetch[]): EntityRequest => {
  const variableUsages = [...new Set(fetches.flatMap(({ fetch }) => fetch.variableUsages ?? []))];
  const base = freeName(variableUsages);
  const groups = new Map<string, PlannedFetch[]>();
  for (const planned of fetches) {
    const { document, outputRewrites = [] } = planned.fetch;
    const key = print(selectionIn(document)) + JSON.stringify(outputRewrites);
    groups.set(key, [...(groups.get(key) ?? []), planned]);
  }
  const asked = [...groups.values()].map((places, index) => {
    const selectionSet = selectionIn(places[0]?.fetch.document);
    const one = groups.size === 1;
    const question: EntityQuestion = {
      key: one ? '_entities' : `_${index}`,
      variable: one ? base : `${base}_${index}`,
      selectionSet,
      fields: topFields(selectionSet),
      outputRewrites: places[0]?.fetch.outputRewrites ?? [],
      places,
    };
    return question;
  });
  const operations = fetches.flatMap(({ fetch }) => operationIn(fetch.document) ?? []);
  const [first] = operations;
  const definitions = new Map<string, VariableDefinitionNode>();
  for (const definition of operations.flatMap(({ variableDefinitions = [] }) => variableDefinitions))
    if (print(definition.type) !== '[_Any!]!') definitions.set(definition.variable.name.value, definition);
  const operation: OperationDefinitionNode = {
    kind: Kind.OPERATION_DEFINITION,
    operation: 'query' as OperationDefinitionNode['operation'],
    ...(first?.name ? { name: first.name } : {}),
    ...(first?.directives ? { directives: first.directives } : {}),
    variableDefinitions: [...asked.map(({ variable }) => representationsDefinition(variable)), ...definitions.values()],
    selectionSet: {
      kind: Kind.SELECTION_SET,
      selections: asked.map(entitiesField),
    },
  };
  return {
    query: stripIgnoredCharacters(print(operation)),
    operationName: first?.name?.value,
    variableUsages,
    questions: asked,
  };
};

const name = (value: string) => ({ kind: Kind.NAME, value }) as const;

/** Neither it nor it with a number behind is a variable of the client's. */
const freeName = (taken: readonly string[]): string => {
  let free = 'representations';
  while (taken.some((variable) => variable.startsWith(free))) free += '_';
  return free;
};

const representationsDefinition = (variable: string): VariableDefinitionNode => ({
  kind: Kind.VARIABLE_DEFINITION,
  variable: { kind: Kind.VARIABLE, name: name(variable) },
  type: {
    kind: Kind.NON_NULL_TYPE,
    type: {
      kind: Kind.LIST_TYPE,
      type: { kind: Kind.NON_NULL_TYPE, type: { kind: Kind.NAMED_TYPE, name: name('_Any') } },
    },
  },
});

const entitiesField = ({ key, variable, selectionSet }: EntityQuestion): SelectionNode => ({
  kind: Kind.FIELD,
  ...(key === '_entities' ? {} : { alias: name(key) }),
  name: name('_entities'),
  arguments: [
    { kind: Kind.ARGUMENT, name: name('representations'), value: { kind: Kind.VARIABLE, name: name(variable) } },
  ],
  selectionSet,
});

const operationIn = (document: DocumentNode): OperationDefinitionNode | undefined =>
  document.definitions.find((definition) => definition.kind === Kind.OPERATION_DEFINITION);

const selectionIn = (document: DocumentNode | undefined): SelectionSetNode => {
  const [entities] = (document && operationIn(document)?.selectionSet.selections) ?? [];
  if (entities?.kind !== Kind.FIELD || !entities.selectionSet) throw new Error('an entity fetch without _entities');
  return entities.selectionSet;
};

/** The response keys of a selection, fragments included, without `__typename`. */
export const topFields = ({ selections }: SelectionSetNode): readonly string[] => [
  ...new Set(
    selections.flatMap((selection): readonly string[] => {
      if (selection.kind === Kind.INLINE_FRAGMENT) return topFields(selection.selectionSet);
      if (selection.kind !== Kind.FIELD || selection.name.value === '__typename') return [];
      return [selection.alias?.value ?? selection.name.value];
    }),
  ),
];
