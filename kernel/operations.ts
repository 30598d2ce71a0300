import {
  createSourceEventStream,
  type DocumentNode,
  type ExecutionResult,
  execute,
  type GraphQLError,
  type GraphQLSchema,
  Kind,
  parse,
  validate,
} from 'graphql';
import { LRUCache } from 'lru-cache';
import { type Compilable, type Compiled, compilableOf, compile, type Run, type Variables } from './compile.ts';
import { makeJitReady } from './jitReadySchema.ts';
import { mappedStream } from './mappedStream.ts';
import { operationRules } from './operationRules.ts';

/** One operation of a schema, ready to be run. */
export type Operation = {
  execute(context: object, variables: Variables): ExecutionResult | Promise<ExecutionResult>;
  /** The events, each executed; or why there are none. */
  subscribe(context: object, variables: Variables): Promise<AsyncIterableIterator<ExecutionResult> | ExecutionResult>;
};
export type Operations = {
  /** Parsed, validated and, from its third use on, compiled: once per text. Errors where it may not run. */
  find(query: string, operationName: string | undefined): Operation | readonly GraphQLError[];
};

type Prepared = {
  readonly document: DocumentNode;
  readonly compilable: Compilable | null;
  readonly operations: Map<string, Operation>;
};

/** Compiling costs as much as some twenty runs: not worth it for a text that does not come back. */
const compiledAtUse = 3;
/** Code takes some 2 kB a field; operations that ran longest ago give way. */
const mostCompiled = 250;
const mostCompiledFields = 25_000;

/** What is compiled, by the operation. */
type CompiledRuns = LRUCache<object, Compiled>;

/** Runs documents on one schema, over graphql-jit where that is right and worth it, else over graphql-js. */
export const createOperations = (given: GraphQLSchema, options: { texts?: number; jit?: boolean } = {}): Operations => {
  const schema = makeJitReady(given);
  const { texts = 1000, jit = true } = options;
  const compiled: CompiledRuns = new LRUCache({
    max: mostCompiled,
    maxSize: mostCompiledFields,
    sizeCalculation: ({ fields }) => fields,
  });
  const documents = new LRUCache<string, Prepared | readonly GraphQLError[]>({ max: texts });

  const prepare = (query: string): Prepared | readonly GraphQLError[] => {
    try {
      const document = parse(query, { noLocation: true });
      const errors = validate(schema, document, operationRules);
      if (errors.length > 0) return errors;
      return { document, compilable: jit ? compilableOf(query, document) : null, operations: new Map() };
    } catch (error) {
      return [error as GraphQLError];
    }
  };

  return {
    find: (query, operationName) => {
      let prepared = documents.get(query);
      if (prepared === undefined) {
        prepared = prepare(query);
        documents.set(query, prepared);
      }
      if (!('document' in prepared)) return prepared;
      const { document, operations } = prepared;
      const known = operations.get(operationName ?? '');
      if (known) return known;
      const operation = toOperation(schema, document, operationName, prepared.compilable, compiled);
      // Names nobody defined would make this grow.
      if (operationName === undefined || definesOperation(document, operationName))
        operations.set(operationName ?? '', operation);
      return operation;
    },
  };
};

const toOperation = (
  schema: GraphQLSchema,
  document: DocumentNode,
  operationName: string | undefined,
  compilable: Compilable | null,
  compiled: CompiledRuns,
): Operation => {
  let uses = 0;
  const self = {};
  const compiledRun = (): Run | null => {
    if (compilable === null) return null;
    const known = compiled.get(self);
    if (known) return known.run;
    uses += 1;
    if (uses < compiledAtUse) return null;
    uses = 0;
    const made = compile(schema, compilable, operationName);
    compiled.set(self, made);
    return made.run;
  };
  const run = (
    rootValue: unknown,
    contextValue: object,
    variableValues: Variables,
  ): ExecutionResult | Promise<ExecutionResult> => {
    const fast = compiledRun();
    return fast === null
      ? execute({ schema, document, operationName, rootValue, contextValue, variableValues })
      : fast(rootValue, contextValue, variableValues);
  };
  return {
    execute: (context, variables) => run(undefined, context, variables),
    subscribe: async (contextValue, variableValues) => {
      // The source over graphql-js: graphql-jit's own gives it the variables in place of the field's arguments.
      const source = await createSourceEventStream({ schema, document, operationName, contextValue, variableValues });
      if (!(Symbol.asyncIterator in source)) return source;
      return mappedStream(source[Symbol.asyncIterator](), (event) => run(event, contextValue, variableValues));
    },
  };
};

const definesOperation = (document: DocumentNode, name: string): boolean =>
  document.definitions.some((node) => node.kind === Kind.OPERATION_DEFINITION && node.name?.value === name);
