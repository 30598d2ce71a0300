import type { SupergraphState } from '../planning/supergraphSwap.ts';

/** Is what the gateway needs there? May take its time, or reject. */
export type DependencyCheck = () => Promise<{ readonly ok: boolean; readonly detail: unknown }>;
/** The answer of /health/ready. */
export type Readiness = () => Promise<{
  readonly ok: boolean;
  readonly detail: unknown;
  readonly supergraph: SupergraphState;
}>;

/** A check that hangs is a no. */
const longestMs = 2000;
/** Anyone may ask, as often as they like: it is found out this often at most. */
const keptMs = 500;

/** May traffic come here? No from the moment of the signal to stop; else as the check says. Load has no say: see M08. */
export const createReadiness = (
  check: DependencyCheck,
  isDraining: () => boolean,
  supergraph: () => SupergraphState,
): Readiness => {
  let found: ReturnType<DependencyCheck> | null = null;
  const look = (): ReturnType<DependencyCheck> => {
    if (found) return found;
    found = within(longestMs, check()).catch(() => ({ ok: false, detail: 'readiness could not be found out' }));
    found.finally(() => setTimeout(() => (found = null), keptMs).unref());
    return found;
  };
  return async () => ({
    ...(isDraining() ? { ok: false, detail: 'draining' } : await look()),
    supergraph: supergraph(),
  });
};

const within = <T>(ms: number, work: Promise<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('too late')), ms);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
