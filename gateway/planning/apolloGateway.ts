import { createHash } from 'node:crypto';
import {
  ApolloGateway,
  type GatewayConfig as ApolloGatewayConfig,
  type SupergraphSdlUpdateFunction,
} from '@apollo/gateway';
import { GraphQLError, type GraphQLFormattedError, print } from 'graphql';
import type { AdmittedOperation } from '../admission/admit.ts';
import { addSubgraphErrors } from '../calls/subgraphErrors.ts';
import type { Call, CallSubgraph } from '../calls/subgraphRequest.ts';
import { silenceVendorReports } from '../config.ts';
import { refusal } from '../errors.ts';
import { createEngine, type Engine, type EngineOptions } from '../execution/engine.ts';
import { type DataObject, mergeFresh } from '../execution/ownKeys.ts';
import { type RunAdmitted, runAdmitted } from '../execution/sharedRuns.ts';
import type { Log } from '../log.ts';
import { assertOneFederationInternals } from './oneCopy.ts';
import type { StockExecute } from './plan.ts';
import { loadSupergraph, readSupergraph } from './supergraph.ts';

/** What an HTTP request hands through Apollo Server to the executor, and gets back beside its answer. */
export type Exchange = {
  readonly call: Call;
  /** Null where the request names no operation. */
  readonly admit: ((variables: unknown) => Promise<AdmittedOperation>) | null;
  /** Bytes to send in place of what Apollo Server makes of the empty data it is given. */
  json: Buffer | null;
  /** The answer's media type, where it is known already. */
  readonly mediaType: string | null;
  /** What the executor is to say where it has run already (readyAnswers.ts). */
  result: ExecutionResult | null;
};
type ExecutionResult = { readonly data?: DataObject | null; readonly errors?: readonly GraphQLError[] };
/** What Apollo Server knows of us by request. It is emptied once the answer is out, whatever it keeps for longer. */
export type RequestContext = { readonly held: { exchange: Exchange | null } };

/** An error already in the client's words, as Apollo Server wants it. */
export class ClientError extends GraphQLError {
  constructor(error: GraphQLFormattedError) {
    super(error.message, { path: error.path ?? null, extensions: error.extensions ?? null });
  }
}

type StockContext = Parameters<ApolloGateway['executor']>[0];

export type CompilingGatewayOptions = Omit<EngineOptions, 'stock'> & {
  readonly log: Log;
  /** How admitted operations are run, beside plainly. */
  readonly run?: RunAdmitted;
};

/**
 * Apollo's gateway with its loading, planning and lifecycle, and an executor of our own: operations are compiled once
 * and enforce @authenticated and @requiresScopes, which Apollo's gateway refuses to load.
 */
export class CompilingGateway extends ApolloGateway {
  #engine: Engine;
  readonly #engineFor: (supergraphSdl: string) => { engine: Engine; sdl: string };
  readonly #updateTo: (sdl: string) => void;
  readonly #run: RunAdmitted;

  constructor(supergraphSdl: string, options: CompilingGatewayOptions) {
    assertOneFederationInternals();
    silenceVendorReports();
    let stock: StockExecute | null = null;
    const engineFor = (text: string): { engine: Engine; sdl: string } => {
      const { sdl, rules } = readSupergraph(text);
      const lazyStock: StockExecute = (document) => (run) => {
        if (stock === null) throw new Error('the gateway is not built yet');
        return stock(document)(run);
      };
      return { sdl, engine: createEngine(loadSupergraph(sdl, rules), { ...options, stock: lazyStock }) };
    };
    const first = engineFor(supergraphSdl);
    let update: SupergraphSdlUpdateFunction | null = null;
    super({
      supergraphSdl: async (manager) => {
        update = manager.update;
        return { supergraphSdl: first.sdl };
      },
      buildService: ({ name }) => dataSource(name, options.callSubgraph),
      logger: toLogger(options.log),
      __exposeQueryPlanExperimental: false,
    });
    stock = stockExecute(this.executor);
    this.#engine = first.engine;
    this.#engineFor = engineFor;
    this.#updateTo = (sdl) => {
      if (update === null) throw new Error('the gateway has not started');
      update(sdl);
    };
    this.#run = options.run ?? runAdmitted;
    this.executor = async ({ request, context }) =>
      this.answer(context as unknown as RequestContext, request.variables ?? {});
  }

  /** The engine of the supergraph loaded last. */
  get engine(): Engine {
    return this.#engine;
  }

  /** Admits and runs what a request asks for, once; data without errors is left as bytes in its exchange. */
  async answer({ held: { exchange } }: RequestContext, variables: DataObject): Promise<ExecutionResult> {
    const result = exchange?.result ?? (await executeCompiled(exchange, variables, this.#run));
    if (exchange) exchange.result = result;
    return result;
  }

  /**
   * Swaps the supergraph; operations under way finish on the old one. Throws, and keeps the old one, if the new one is
   * unfit. Ours is built first, made ready by `warmUp` while the old one still serves, and taken over also where only
   * access rules changed, which Apollo's gateway never sees.
   */
  async replaceSupergraph(supergraphSdl: string, warmUp: (engine: Engine) => Promise<void>): Promise<void> {
    const { sdl, engine } = this.#engineFor(supergraphSdl);
    await warmUp(engine);
    this.#updateTo(sdl);
    this.#engine = engine;
  }
}

const executeCompiled = async (
  exchange: Exchange | null,
  given: DataObject,
  run: RunAdmitted,
): Promise<ExecutionResult> => {
  try {
    if (!exchange?.admit) throw refusal('BAD_REQUEST', 'This request names no operation that could be run.');
    const admitted = await exchange.admit(given);
    if (admitted.operation.node.operation === 'subscription')
      throw refusal(
        'SUBSCRIPTION_NEEDS_STREAM',
        'Subscriptions run over WebSocket (graphql-transport-ws), or over HTTP with accept: text/event-stream or multipart/mixed; subscriptionSpec=1.0.',
      );
    const { json, answer } = await run(admitted, exchange.call);
    if (answer) return { data: answer.data, errors: (answer.errors ?? []).map((error) => new ClientError(error)) };
    exchange.json = json;
    return { data: {} };
  } catch (error) {
    if (error instanceof GraphQLError) return { errors: [error] };
    throw error;
  }
};

/** Lets Apollo's own executor run a planned document as a step of ours. */
const stockExecute =
  (executor: ApolloGateway['executor']): StockExecute =>
  (document) => {
    const query = print(document);
    const queryHash = createHash('sha256').update(query).digest('hex');
    return async (run) => {
      const request = { query, variables: { ...run.variables } };
      const context = {
        request,
        document,
        queryHash,
        source: query,
        context: { held: { exchange: { call: run.call, admit: null, json: null, mediaType: null, result: null } } },
        metrics: {},
        logger: console,
      };
      const { data, errors } = await executor(context as unknown as StockContext);
      if (errors)
        addSubgraphErrors(
          run.errors,
          errors.map((error) => error.toJSON()),
          { renamed: new Map() },
          () => [],
        );
      if (data) mergeFresh(run.data, data);
    };
  };

type DataSource = ReturnType<NonNullable<Extract<ApolloGatewayConfig, { buildService?: unknown }>['buildService']>>;

/** A subgraph as Apollo's own executor calls it. */
const dataSource = (name: string, callSubgraph: CallSubgraph): DataSource => ({
  process: async ({ request, context }) => {
    const { exchange } = (context as unknown as RequestContext).held;
    if (exchange === null) throw new Error('a call for an answer that is out');
    const { call } = exchange;
    const { query = '', operationName, variables } = request;
    const { data, errors } = await callSubgraph(name, { query, operationName, variables }, call);
    return {
      data: data ?? null,
      ...(errors ? { errors: errors.map((error) => new ClientError(error)) } : {}),
    } as Awaited<ReturnType<DataSource['process']>>;
  },
});

const toLogger = (log: Log) => {
  const write = (level: keyof Log) => (message?: unknown) => log[level]({ from: '@apollo/gateway' }, String(message));
  return { debug: write('debug'), info: write('debug'), warn: write('warn'), error: write('error') };
};
