import { CallFailure } from '@parley/kernel/callFailure';
import type { Subgraph, SubgraphResult } from '@parley/kernel/subgraph';
import { GraphQLError } from 'graphql';
import type { AdmittedOperation } from '../admission/admit.ts';
import { addSubgraphErrors, toClientError } from '../calls/subgraphErrors.ts';
import { type Call, isResult } from '../calls/subgraphRequest.ts';
import { refusal } from '../errors.ts';
import type { JsonAnswer } from '../execution/engine.ts';
import { pickVariables } from '../execution/execute.ts';
import type { DataObject } from '../execution/ownKeys.ts';
import { ResponseErrors } from '../execution/responseErrors.ts';
import type { Log } from '../log.ts';
import { upstreamEvents } from './upstreamEvents.ts';

/** One event, complete: what its own subgraph did not know was fetched from the others. `cursor`: null where it has none. */
export type LiveEvent = { readonly cursor: string | null } & JsonAnswer;

/**
 * A subscription's events, each complete before the next is looked at, so that none overtakes another.
 *
 * @param after cursor to begin after; undefined or null for what comes from now on
 * @param call its signal ends everything upstream at once, also while it waits
 */
export async function* liveEvents(
  { engine, compiled, variables }: AdmittedOperation,
  after: unknown,
  parts: { readonly subgraphs: Readonly<Record<string, Subgraph>>; readonly log: Log },
  call: Call & { readonly signal: AbortSignal },
): AsyncGenerator<LiveEvent, void, undefined> {
  const { source, resumption } = compiled;
  const { signal } = call;
  if (source === null) throw refusal('BAD_REQUEST', 'This subscription selects nothing to wait for.');
  const subgraph = parts.subgraphs[source.subgraph];
  if (!subgraph) throw new Error(`no subgraph named ${source.subgraph}`);
  const { query, operationName, variableUsages } = source;
  const { actor, requestId, headers } = call;
  let last: string | null = null;
  const events = upstreamEvents({
    open: (from) => {
      const given = resumption === null ? variables : { ...variables, [resumption.variable]: from };
      const request = { query, operationName, variables: pickVariables(given, variableUsages) };
      return subgraph.subscribe({ ...request, actor, requestId, headers, signal });
    },
    after,
    lastCursor: () => last,
    signal,
    log: parts.log,
  });
  const stop = (): void => void events.return?.();
  signal.addEventListener('abort', stop, { once: true });
  try {
    for (let item = await events.next(); item.done !== true; item = await events.next()) {
      const { data, errors } = toEventData(item.value, source);
      const answer = await engine.runToJson(compiled, variables, { ...call, fresh: true }, data, errors);
      const cursor = resumption?.cursorOf(data) ?? null;
      last = cursor ?? last;
      yield { ...answer, cursor };
    }
  } catch (error) {
    if (!signal.aborted) throw toLiveError(error);
  } finally {
    signal.removeEventListener('abort', stop);
    stop();
  }
}

const toEventData = (
  event: SubgraphResult,
  source: NonNullable<AdmittedOperation['compiled']['source']>,
): { readonly data: DataObject; readonly errors: ResponseErrors } => {
  if (!isResult(event)) throw new Error('an event is not a GraphQL result');
  const errors = new ResponseErrors();
  if (event.errors) addSubgraphErrors(errors, event.errors, { renamed: source.renamed }, () => []);
  const data = event.data ?? Object.create(null);
  source.rewriteOutput?.(data);
  return { data, errors };
};

/** A subgraph's refusal in the client's words; anything else stays what it is, to be masked. */
const toLiveError = (error: unknown): unknown => {
  if (error instanceof CallFailure)
    return refusal('SUBGRAPH_UNAVAILABLE', 'This stream broke off. Resume it from its last cursor.', 503);
  if (!(error instanceof GraphQLError) || error.extensions['code'] === undefined) return error;
  const { message, extensions } = toClientError(error.toJSON(), undefined);
  return new GraphQLError(message, { extensions: { ...extensions } });
};
