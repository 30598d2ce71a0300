import type { Log } from '../log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { memoryAnswerStore } from './answerStore.ts';
import type { CacheSettings } from './cachedRuns.ts';
import { redisAnswerStore } from './redisAnswerStore.ts';

/** `memoryBytes`: for all answers together, where there is no Redis. */
export type CacheConfig = { readonly redisUrl: string | null; readonly memoryBytes: number };

/** Of one answer: what is larger is not worth the trip. */
const answerBytes = 256 * 1024;

/** Null where nothing is to be kept. */
export const openCaching = (
  config: CacheConfig | null,
  log: Log,
  metrics: Pick<Metrics, 'cachedAnswers'> | null,
): CacheSettings | null => {
  if (config === null) return null;
  const count = (outcome: string) => metrics?.cachedAnswers.inc({ outcome });
  const store =
    config.redisUrl === null
      ? memoryAnswerStore(config.memoryBytes)
      : redisAnswerStore(config.redisUrl, log, () => count('store_away'));
  return { store, answerBytes, onOutcome: count };
};
