import {
  BREAK,
  type DocumentNode,
  type ExecutionResult,
  GraphQLID,
  type GraphQLSchema,
  GraphQLString,
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

/** Longer texts are rare and take long to compile, on the thread everybody waits for. */
const longestCompiled = 32 * 1024;

/**
 * Null where graphql-jit would be wrong. It writes literals into the code it makes, and turns a string that holds its
 * own marker for a date into code as it stands: with a string of the caller's that would be a caller's code. It also
 * loses what a scalar of ours makes of a string, takes the response key `__proto__` for the prototype, and answers what
 * stands below a field that is skipped in one place and not in another.
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
  const ordered = visit(document, {
    StringValue: unsound,
    Directive: unsound,
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

/** One operation as a function; null where graphql-jit gives up on it. */
export const compile = (
  schema: GraphQLSchema,
  { document, defaults }: Compilable,
  operationName: string | undefined,
): Run | null => {
  const options = { disablingCapturingStackErrors: true, customSerializers };
  const outcome = compileQuery(schema, document, operationName, options);
  if (!isCompiledQuery(outcome)) return null;
  const { query } = outcome;
  const values = defaults.size === 1 ? [...defaults.values()][0] : defaults.get(operationName);
  return values === undefined || Object.keys(values).length === 0
    ? query
    : (rootValue, context, variables) => query(rootValue, context, { ...values, ...variables });
};
