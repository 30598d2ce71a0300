import type { SubgraphResult } from './subgraph.ts';

/**
 * What another service of ours answered in place of data. `code` is its error's, by which `isOutage` tells whether the
 * same may succeed later.
 */
export class ServiceError extends Error {
  readonly code: string | undefined;

  /** @param otherwise what is wrong with an answer that has no errors */
  constructor(service: string, { errors }: SubgraphResult, otherwise = 'no answer') {
    const [first] = errors ?? [];
    super(`${service}: ${first?.message ?? otherwise}`);
    this.name = 'ServiceError';
    const code = first?.extensions?.['code'];
    this.code = typeof code === 'string' ? code : undefined;
  }
}
