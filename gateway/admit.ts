import { GraphQLError } from 'graphql';
import type { CompilingGateway } from './apolloGateway.ts';
import type { Caller } from './authenticate.ts';
import type { Variables } from './conditions.ts';
import type { Cost } from './costLevels.ts';
import { costWithin } from './costLimits.ts';
import type { Engine, Operation } from './engine.ts';
import { refusal } from './errors.ts';
import type { OperationLimits } from './limits.ts';
import { isObject } from './ownKeys.ts';
import type { DocumentReference, PersistedDocuments } from './persistedDocuments.ts';
import type { CompiledOperation } from './plan.ts';
import type { Call } from './subgraphRequest.ts';

/** What a request of any transport says it wants. Anything may come in these. */
export type OperationRequest = DocumentReference & { readonly operationName?: unknown };
/** An operation that is known, valid and within the limits, and the supergraph it is to run on. */
export type FoundOperation = { readonly query: string; readonly engine: Engine; readonly operation: Operation };
/** An operation that may run, for this caller and with these variables. */
export type AdmittedOperation = FoundOperation & {
  readonly compiled: CompiledOperation;
  readonly variables: Variables;
  readonly cost: Cost;
};

/**
 * What every operation passes before it runs, whatever transport brought it: HTTP, WebSocket and event streams refuse
 * exactly the same ones (E36, E37, E47). Two steps, because over HTTP the rules of that protocol lie between them.
 */
export type Admission = {
  /** Which operation: published or free text, parsed, measured, validated. Undefined where the request names none. Throws a refusal. */
  find(request: OperationRequest, caller: Caller, call: Call): Promise<FoundOperation | undefined>;
  /** May it run: its variables, its cost, its rights. Throws a refusal. */
  admit(found: FoundOperation, variables: unknown, call: Call): Promise<AdmittedOperation>;
};

export const createAdmission = (parts: {
  readonly gateway: Pick<CompilingGateway, 'engine'>;
  readonly persistedDocuments: PersistedDocuments;
  readonly limits: OperationLimits;
}): Admission => {
  const { gateway, persistedDocuments, limits } = parts;
  return {
    find: async (request, caller, call) => {
      const query = await persistedDocuments.resolve(request, caller, call);
      if (query === undefined) return undefined;
      const { engine } = gateway;
      const document = orThrow(engine.documents.prepare(query));
      const { operationName } = request;
      const operation = orThrow(engine.find(document, typeof operationName === 'string' ? operationName : null));
      return { query, engine, operation };
    },
    admit: async (found, given, call) => {
      const { engine, operation } = found;
      if (given !== undefined && given !== null && !isObject(given))
        throw refusal('BAD_REQUEST', 'variables must be an object.');
      const variables = orThrow(operation.coerce(given ?? {}));
      const cost = orThrow(costWithin(operation.cost, variables, limits));
      call.observed?.costs(cost.total);
      return { ...found, variables, cost, compiled: engine.compiledFor(operation, call.actor, variables) };
    },
  };
};

const orThrow = <T>(value: T | GraphQLError): T => {
  if (value instanceof GraphQLError) throw value;
  return value;
};
