import { CallFailure } from '@parley/kernel/callFailure';
import type { Subgraph, SubgraphResult } from '@parley/kernel/subgraph';
import { GraphQLError } from 'graphql';
import type { Variables } from './conditions.ts';
import type { Answer, Engine } from './engine.ts';
import { refusal } from './errors.ts';
import { pickVariables } from './execute.ts';
import type { CompiledOperation } from './plan.ts';
import { ResponseErrors } from './responseErrors.ts';
import type { RootRequest } from './rootFetch.ts';
import { addSubgraphErrors, toClientError } from './subgraphErrors.ts';
import { type Call, isResult } from './subgraphRequest.ts';

/**
 * A subscription's answers. The events come from one subgraph; what they lack is fetched per event, the next event
 * waiting for it, so none overtakes another. Returning it frees everything upstream at once, even while it waits.
 */
export const openLive = (
  engine: Engine,
  compiled: CompiledOperation,
  subgraphs: Readonly<Record<string, Subgraph>>,
  variables: Variables,
  call: Call,
): AsyncIterableIterator<Answer> => {
  const { source } = compiled;
  const stop = new AbortController();
  let interrupt = (): void => {};
  let upstream: AsyncIterableIterator<SubgraphResult> | null = null;
  let ended = false;

  const release = (): void => {
    if (ended) return;
    ended = true;
    interrupt();
    stop.abort(new Error('the subscription ended'));
    // Not awaited: a stream that is waiting for its next event may only end with it.
    upstream?.return?.().catch(() => {});
  };
  /** The promise, or word that the subscription ended meanwhile. Not Promise.race: that would hold on to every event. */
  const unlessStopped = <T>(promise: Promise<T>): Promise<T | 'stopped'> =>
    new Promise((resolve, reject) => {
      interrupt = () => resolve('stopped');
      promise.then(resolve, reject);
    });
  const open = async (): Promise<AsyncIterableIterator<SubgraphResult>> => {
    if (source === null) throw refusal('BAD_REQUEST', 'This subscription selects nothing to wait for.');
    const subgraph = subgraphs[source.subgraph];
    if (!subgraph) throw new Error(`no subgraph named ${source.subgraph}`);
    const opened = await subgraph.subscribe({
      query: source.query,
      operationName: source.operationName,
      variables: pickVariables(variables, source.variableUsages),
      actor: call.actor,
      requestId: call.requestId,
      headers: call.headers,
      signal: stop.signal,
    });
    if (ended) opened.return?.().catch(() => {});
    return opened;
  };
  const next = async (): Promise<IteratorResult<Answer>> => {
    if (upstream === null) {
      const opened = await unlessStopped(open());
      if (opened === 'stopped') return done;
      upstream = opened;
    }
    const item = await unlessStopped(upstream.next());
    if (item === 'stopped') return done;
    if (item.done) {
      release();
      return done;
    }
    return {
      value: await completeEvent(engine, compiled, source, item.value, variables, {
        ...call,
        signal: stop.signal,
        fresh: true,
      }),
      done: false,
    };
  };

  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    next: async () => {
      if (ended) return done;
      try {
        return await next();
      } catch (error) {
        release();
        throw toLiveError(error);
      }
    },
    return: async () => {
      release();
      return done;
    },
  };
};

const done: IteratorReturnResult<undefined> = { value: undefined, done: true };

const completeEvent = async (
  engine: Engine,
  compiled: CompiledOperation,
  source: RootRequest | null,
  event: SubgraphResult,
  variables: Variables,
  call: Call,
): Promise<Answer> => {
  if (!isResult(event)) throw new Error('an event is not a GraphQL result');
  const errors = new ResponseErrors();
  if (event.errors) addSubgraphErrors(errors, event.errors, { renamed: source?.renamed ?? new Map() }, () => []);
  const data = event.data ?? Object.create(null);
  source?.rewriteOutput?.(data);
  return engine.run(compiled, variables, call, data, errors);
};

/** A subgraph's refusal in the client's words; anything else stays what it is, to be masked. */
const toLiveError = (error: unknown): unknown => {
  if (error instanceof CallFailure)
    return refusal('SUBGRAPH_UNAVAILABLE', 'This stream broke off. Resume it from its last cursor.', 503);
  if (!(error instanceof GraphQLError) || error.extensions['code'] === undefined) return error;
  const { message, extensions } = toClientError(error.toJSON(), undefined);
  return new GraphQLError(message, { extensions: { ...extensions } });
};
