import { createHash } from 'node:crypto';
import { findBreakingChanges } from 'graphql';
import { type TrustedDocuments, unfitDocuments } from '../admission/trustedDocuments.ts';
import type { Engine } from '../execution/engine.ts';
import type { Log } from '../log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { CompilingGateway } from './apolloGateway.ts';
import { warmUp } from './warmUp.ts';

/** Which supergraph is served, by the sha256 of its text; `refused` is one that was offered later and is unfit. */
export type SupergraphState = { readonly hash: string; readonly refused: string | null };
export type SupergraphSwap = {
  /** Takes another supergraph over; rejects, and keeps the one in use, if it is unfit (C26). One after the other. */
  load(sdl: string): Promise<void>;
  state(): SupergraphState;
};

/** How many breaking changes a log line names. */
const mostNamed = 20;

export const createSupergraphSwap = (parts: {
  readonly gateway: CompilingGateway;
  readonly sdl: string;
  /** Documents that are planned on a new supergraph before it takes over. */
  readonly documents: TrustedDocuments;
  readonly metrics: Metrics | null;
  readonly log: Log;
}): SupergraphSwap => {
  const { gateway, documents, metrics, log } = parts;
  let state: SupergraphState = { hash: hashOf(parts.sdl), refused: null };
  let last: Promise<void> = Promise.resolve();

  const load = async (sdl: string): Promise<void> => {
    const hash = hashOf(sdl);
    if (hash === state.hash) {
      state = { hash, refused: null };
      return;
    }
    const before = gateway.engine.loaded.schema;
    try {
      await gateway.replaceSupergraph(sdl, (engine) => warmUp(engine, documents.bodies()));
    } catch (error) {
      state = { ...state, refused: hash };
      metrics?.supergraphLoads.inc({ outcome: 'refused' });
      throw error;
    }
    log.info({ supergraph: hash, before: state.hash }, 'a new supergraph is served');
    state = { hash, refused: null };
    metrics?.supergraphLoads.inc({ outcome: 'loaded' });
    warnOfUnfit(documents, gateway.engine, log);
    const breaking = findBreakingChanges(before, gateway.engine.loaded.schema);
    if (breaking.length > 0)
      log.warn(
        { supergraph: hash, count: breaking.length, changes: breaking.slice(0, mostNamed).map(toText) },
        'the new supergraph breaks clients of the one before',
      );
  };

  return {
    load: (sdl) => {
      const loading = last.then(() => load(sdl));
      last = loading.catch(() => {});
      return loading;
    },
    state: () => state,
  };
};

export const warnOfUnfit = (documents: TrustedDocuments, engine: Engine, log: Log): void => {
  const unfit = unfitDocuments(documents, engine);
  if (unfit.length > 0)
    log.warn(
      { count: unfit.length, documents: unfit.slice(0, mostNamed) },
      'trusted documents that do not fit the schema: their clients get an error',
    );
};

const hashOf = (sdl: string): string => createHash('sha256').update(sdl).digest('hex');
const toText = ({ type, description }: { type: string; description: string }): string => `${type}: ${description}`;
