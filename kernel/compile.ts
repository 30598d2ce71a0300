import {
  BREAK,
  type DocumentNode,
  type ExecutionResult,
  type FragmentDefinitionNode,
  GraphQLID,
  type GraphQLNamedType,
  type GraphQLObjectType,
  type GraphQLSchema,
  GraphQLString,
  getNamedType,
  isAbstractType,
  isObjectType,
  Kind,
  type SelectionNode,
  type SelectionSetNode,
  valueFromASTUntyped,
  visit,
} from 'graphql';
import { compileQuery, isCompiledQuery } from 'graphql-jit';

export type Variables = Readonly<Record<string, unknown>> | undefined;
export type Run = (
  rootValue: unknown,
  context: object,
  variables: Variables,
) => ExecutionResult | Promise<ExecutionResult>;
/** A document as graphql-jit may have it. Defaults of variables stand beside it, by operation: it gets them wrong. */
export type Compilable = {
  readonly document: DocumentNode;
  readonly defaults: ReadonlyMap<string | undefined, Readonly<Record<string, unknown>>>;
};

/** Longer texts are rare and take long to compile, on the thread everybody waits for; and so what has more fields. */
const longestCompiled = 32 * 1024;
const mostFields = 1000;

/**
 * Null where graphql-jit would be wrong. It writes literals into the code it makes, and turns a string that holds its
 * own marker for a date into code as it stands: with a string of the caller's that would be a caller's code. It also
 * loses what a scalar of ours makes of a string, takes the response key `__proto__` for the prototype, answers what
 * stands below a field that is skipped in one place and not in another, and takes a fragment that is spread more than
 * once where it is spread last.
 */
export const compilableOf = (query: string, given: DocumentNode): Compilable | null => {
  if (query.length > longestCompiled || query.includes('__proto__')) return null;
  const defaults = new Map<string | undefined, Record<string, unknown>>();
  const document: DocumentNode = {
    ...given,
    definitions: given.definitions.map((definition) => {
      if (definition.kind !== Kind.OPERATION_DEFINITION) return definition;
      const values: Record<string, unknown> = Object.create(null);
      defaults.set(definition.name?.value, values);
      const variableDefinitions = definition.variableDefinitions?.map(({ defaultValue, ...rest }) => {
        if (defaultValue) values[rest.variable.name.value] = valueFromASTUntyped(defaultValue);
        return rest;
      });
      return { ...definition, ...(variableDefinitions ? { variableDefinitions } : {}) };
    }),
  };
  let sound = true;
  const unsound = () => {
    sound = false;
    return BREAK;
  };
  const spread = new Set<string>();
  const ordered = visit(document, {
    StringValue: unsound,
    Directive: unsound,
    FragmentSpread: ({ name: { value } }) => (spread.has(value) ? unsound() : void spread.add(value)),
    SelectionSet: { leave: (set) => (sound ? inItsOrder(set) : undefined) },
  });
  return sound ? { document: ordered, defaults } : null;
};

/**
 * The same selections, as graphql-jit 0.8.7 takes them in the order they were written in: it goes through the fields
 * first, and then through the fragments from the last to the first, also of a mutation. (0.8.8 and later do not, but
 * make lists and functions for the errors of every field before they look whether there is one.)
 */
const inItsOrder = (set: SelectionSetNode): SelectionSetNode | undefined => {
  const { selections } = set;
  const first = selections.findIndex(({ kind }) => kind !== Kind.FIELD);
  if (first < 0 || first === selections.length - 1) return undefined;
  const rest = selections.slice(first).map((selection): SelectionNode => {
    if (selection.kind !== Kind.FIELD) return selection;
    return { kind: Kind.INLINE_FRAGMENT, selectionSet: { kind: Kind.SELECTION_SET, selections: [selection] } };
  });
  return { ...set, selections: [...selections.slice(0, first), ...rest.reverse()] };
};

/**
 * As graphql-js serialises, but what mostly comes is taken as it is. graphql-jit calls all serialisers from one place,
 * and V8 can inline only a few different ones there: so these two and its own for the rest.
 */
const customSerializers = {
  ID: (value: unknown): unknown => (typeof value === 'string' ? value : GraphQLID.serialize(value)),
  String: (value: unknown): unknown => (typeof value === 'string' ? value : GraphQLString.serialize(value)),
};

/**
 * For how many fields graphql-jit would make code, as far as `mostFields`. It makes it anew for each possible type of an
 * interface or union, and so what stands below: a few words that nest can take it hours.
 */
const fieldsOf = (schema: GraphQLSchema, { definitions }: DocumentNode, operationName: string | undefined): number => {
  let left = mostFields;
  const take = (set: SelectionSetNode, type: GraphQLObjectType): void => {
    for (const selection of set.selections) {
      left -= 1;
      if (left < 0) return;
      if (selection.kind === Kind.FIELD) {
        const field = type.getFields()[selection.name.value];
        if (selection.selectionSet && field) takeAll(selection.selectionSet, getNamedType(field.type));
        continue;
      }
      const fragment = selection.kind === Kind.FRAGMENT_SPREAD ? fragments.get(selection.name.value) : selection;
      const on = fragment?.typeCondition && schema.getType(fragment.typeCondition.name.value);
      const applies = !on || on === type || (isAbstractType(on) && schema.isSubType(on, type));
      if (fragment && applies) take(fragment.selectionSet, type);
    }
  };
  const takeAll = (set: SelectionSetNode, type: GraphQLNamedType): void => {
    if (isObjectType(type)) take(set, type);
    if (isAbstractType(type)) for (const possible of schema.getPossibleTypes(type)) take(set, possible);
  };
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const definition of definitions)
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
  for (const definition of definitions) {
    if (definition.kind !== Kind.OPERATION_DEFINITION) continue;
    if (operationName !== undefined && definition.name?.value !== operationName) continue;
    const root = schema.getRootType(definition.operation);
    if (root) take(definition.selectionSet, root);
  }
  return mostFields - left;
};

/** `run` is null where graphql-jit gives up on an operation, or would make too much of it. */
export type Compiled = { readonly run: Run | null; readonly fields: number };

/** One operation as a function. */
export const compile = (
  schema: GraphQLSchema,
  { document, defaults }: Compilable,
  operationName: string | undefined,
): Compiled => {
  const fields = fieldsOf(schema, document, operationName);
  if (fields > mostFields) return nothing;
  const options = { disablingCapturingStackErrors: true, customSerializers };
  const outcome = compileQuery(schema, document, operationName, options);
  if (!isCompiledQuery(outcome)) return nothing;
  const { query } = outcome;
  const values = defaults.size === 1 ? [...defaults.values()][0] : defaults.get(operationName);
  const run: Run =
    values === undefined || Object.keys(values).length === 0
      ? query
      : (rootValue, context, variables) => query(rootValue, context, { ...values, ...variables });
  return { run, fields };
};
const nothing: Compiled = { run: null, fields: 1 };
