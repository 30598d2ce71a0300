import { setTimeout as delay } from 'node:timers/promises';
import type { AdmittedOperation } from '../admission/admit.ts';
import type { Call } from '../calls/subgraphCall.ts';
import type { JsonAnswer } from '../execution/engine.ts';
import { admin } from '../fixture/actors.ts';
import type { AnswerStore } from './answerStore.ts';
import { type CacheOutcome, createCachedRuns } from './cachedRuns.ts';
import type { CachePolicy } from './cachePolicy.ts';

export const admitted = ({
  kind = 'query',
  shape = 'shape',
  variables = {},
  caching = { maxAgeSeconds: 60, isPrivate: false },
  fingerprint = 'supergraph',
}: {
  kind?: string;
  shape?: string;
  variables?: object;
  caching?: CachePolicy | null;
  fingerprint?: string;
} = {}) =>
  ({
    engine: { loaded: { fingerprint, hints: { longestSeconds: 60 } } },
    operation: { node: { operation: kind }, caching, shape },
    variables,
  }) as unknown as AdmittedOperation;

export const callBy = (actor: Partial<NonNullable<Call['actor']>> = {}, more: Partial<Call> = {}): Call => ({
  actor: { ...admin, ...actor },
  requestId: 'r',
  ...more,
});

/** One gateway over a store, whose runs are numbered: `n` is the answer of the nth. */
export const cachingGateway = (store: AnswerStore, options: { tookMs?: number; now?: () => number } = {}) => {
  const outcomes: CacheOutcome[] = [];
  const gateway = {
    runs: 0,
    outcomes,
    /** What the next runs answer with. */
    make: async (n: number): Promise<JsonAnswer> => ({ json: Buffer.from(`{"data":${n}}`), answer: null }),
  };
  const run = createCachedRuns(
    async () => {
      gateway.runs += 1;
      const n = gateway.runs;
      await delay(options.tookMs ?? 1);
      return gateway.make(n);
    },
    {
      store,
      answerBytes: 1000,
      onOutcome: (outcome) => void outcomes.push(outcome),
      ...(options.now ? { now: options.now } : {}),
    },
  );
  const ask = async (...given: Parameters<typeof run>): Promise<string> => (await run(...given)).json.toString();
  return Object.assign(gateway, { run, ask });
};
