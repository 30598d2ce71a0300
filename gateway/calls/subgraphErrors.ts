import type { GraphQLFormattedError } from 'graphql';
import type { ResponseErrors } from '../execution/responseErrors.ts';
import { clientKeyOf } from '../planning/dataKeys.ts';

type Path = readonly (string | number)[];
type ErrorSource = { readonly renamed: ReadonlyMap<string, string> };
/** Client paths of the entities at one index of `_entities`; of the fetch itself for null. */
type PathsOf = (index: number | null) => readonly Path[];

/** Extensions of a subgraph's error a client may see: what it can act on, and the id under which it is logged. */
const visibleExtensions = ['code', 'errorId', 'retryAfterMs', 'issues'] as const;

/** Carries a subgraph's errors (already masked there) to the client's own paths. */
export const addSubgraphErrors = (
  errors: ResponseErrors,
  received: readonly GraphQLFormattedError[],
  source: ErrorSource,
  pathsOf: PathsOf,
  entitiesKey = '_entities',
): void => {
  for (const error of received)
    for (const path of clientPaths(error.path, source, pathsOf, entitiesKey)) errors.add(toClientError(error, path));
};

export const toClientError = (error: GraphQLFormattedError, path: Path | undefined): GraphQLFormattedError => {
  const extensions: Record<string, unknown> = { code: 'INTERNAL_SERVER_ERROR' };
  for (const key of visibleExtensions) {
    const value = error.extensions?.[key];
    if (value !== undefined) extensions[key] = value;
  }
  return { message: error.message, ...(path && path.length > 0 ? { path } : {}), extensions };
};

const clientPaths = (
  path: Path | undefined,
  source: ErrorSource,
  pathsOf: PathsOf,
  entitiesKey: string,
): readonly Path[] => {
  const steps = Array.isArray(path) ? path : [];
  const inner = (from: number): (string | number)[] => steps.slice(from).map((step) => clientStep(step, source));
  if (steps[0] !== entitiesKey) {
    const [base = []] = pathsOf(null);
    return [[...base, ...inner(0)]];
  }
  const index = steps[1];
  if (typeof index !== 'number') return pathsOf(null).slice(0, 1);
  return pathsOf(index).map((base) => [...base, ...inner(2)]);
};

/** A subgraph's own path in the client's words. */
const clientStep = (step: string | number, { renamed }: ErrorSource): string | number =>
  typeof step === 'string' ? clientKeyOf(renamed.get(step) ?? step) : step;
