import { setImmediate as nextTurn } from 'node:timers/promises';
import { GraphQLError } from 'graphql';
import type { Caller } from '../access/authenticate.ts';
import type { Call } from '../calls/subgraphRequest.ts';
import { refusal } from '../errors.ts';
import type { Variables } from '../execution/conditions.ts';
import type { Engine, Operation } from '../execution/engine.ts';
import { isObject } from '../execution/ownKeys.ts';
import type { Log } from '../log.ts';
import type { CompilingGateway } from '../planning/apolloGateway.ts';
import type { CompiledOperation } from '../planning/plan.ts';
import type { Cost } from './costLevels.ts';
import { costWithin } from './costLimits.ts';
import type { OperationLimits } from './limits.ts';
import type { DocumentReference, PersistedDocuments } from './persistedDocuments.ts';
import type { RateLimits } from './rateLimits.ts';

/** What a request of any transport says it wants. Anything may come in these. */
export type OperationRequest = DocumentReference & { readonly operationName?: unknown };
/** An operation that is known, valid and within the limits, and the supergraph it is to run on. */
export type FoundOperation = { readonly query: string; readonly engine: Engine; readonly operation: Operation };
/** An operation that may run, for this caller and with these variables. */
export type AdmittedOperation = FoundOperation & {
  readonly compiled: CompiledOperation;
  readonly variables: Variables;
  /** The variables as they were given. */
  readonly given: object;
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
  readonly rateLimits: RateLimits;
  readonly log: Log;
}): Admission => {
  const { gateway, persistedDocuments, limits, rateLimits, log } = parts;
  return {
    find: async (request, caller, call) => {
      const spender = { actor: caller.actor, peer: call.peer };
      rateLimits.check(spender);
      const resolved = await persistedDocuments.resolve(request, caller, call).catch(async (error: unknown) => {
        // One that is known has a cost; those that are not must not be free to ask for (J10).
        if (error instanceof GraphQLError && error.extensions['code'] === 'PERSISTED_QUERY_NOT_FOUND')
          await rateLimits.charge(spender, unknownDocumentPoints);
        throw error;
      });
      if (resolved === undefined) return undefined;
      const { text: query, isPublished } = resolved;
      const { engine } = gateway;
      let newBytes = 0;
      const prepared = engine.documents.prepare(query, (bytes) => {
        newBytes = bytes;
      });
      if (newBytes > 0) {
        await rateLimits.charge(spender, newBytes / bytesPerPoint);
        // Others get their turn before this one is planned.
        await nextTurn();
      }
      if (isPublished && prepared instanceof GraphQLError) {
        if (newBytes > 0)
          log.warn(
            { reason: prepared.message, organizationId: caller.actor?.tenantId },
            'a published document is unfit',
          );
        throw noLongerFits(prepared);
      }
      const document = orThrow(prepared);
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
      await rateLimits.charge(call, cost.total);
      for (const field of operation.cost.sensitive) await rateLimits.chargeSensitive(call, field);
      return {
        ...found,
        variables,
        given: given ?? {},
        cost,
        compiled: engine.compiledFor(operation, call.actor, variables),
      };
    },
  };
};

/**
 * A subscription that was admitted before, on the supergraph that is served now: what is gone from it, or not for this
 * caller any more, is so for open streams too. Throws a refusal.
 */
export const admitAgain = (engine: Engine, before: AdmittedOperation, { actor }: Call): AdmittedOperation => {
  const document = orThrow(engine.documents.prepare(before.query));
  const operation = orThrow(engine.find(document, before.operation.node.name?.value));
  const variables = orThrow(operation.coerce({ ...before.given }));
  const admitted = {
    ...before,
    engine,
    operation,
    variables,
    compiled: engine.compiledFor(operation, actor, variables),
  };
  assertMayBegin(admitted);
  return admitted;
};

/** A subscription whose one field is refused has nothing to wait for. Throws the refusal. */
export const assertMayBegin = ({ operation, compiled: { source, refusals } }: AdmittedOperation): void => {
  const [first] = refusals;
  if (operation.node.operation !== 'subscription' || source !== null || !first) return;
  const { message, path, extensions } = first;
  const status = extensions?.['code'] === 'UNAUTHENTICATED' ? 401 : 403;
  throw new GraphQLError(message, { path: path ?? null, extensions: { ...extensions, http: { status } } });
};

/** What asking for a document that is not there costs. */
const unknownDocumentPoints = 100;
/** What a text not seen before costs beside its cost: it is read, checked and planned, or refused (B23). */
const bytesPerPoint = 64;

/** Whoever sends a hash wrote no text, so what is wrong with it is said in terms of the schema that changed (J08). */
const noLongerFits = ({ message, extensions }: GraphQLError): GraphQLError =>
  new GraphQLError(`This published document does not fit the schema any more: ${message} Publish it anew.`, {
    extensions,
  });

const orThrow = <T>(value: T | GraphQLError): T => {
  if (value instanceof GraphQLError) throw value;
  return value;
};
