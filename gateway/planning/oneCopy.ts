import { createRequire } from 'node:module';

const holders = ['@apollo/gateway', '@apollo/query-planner'] as const;

/**
 * Two copies of federation-internals in one process fail at run time with odd TypeErrors (C25), so we refuse to start
 * with them: what we resolve must be what each package that builds on it resolves.
 */
export const assertOneFederationInternals = (from: string = import.meta.url): void => {
  const ours = createRequire(from);
  const copy = ours.resolve('@apollo/federation-internals');
  for (const holder of holders) {
    const theirs = createRequire(ours.resolve(holder)).resolve('@apollo/federation-internals');
    if (theirs !== copy)
      throw new Error(
        `two copies of @apollo/federation-internals are installed, ${holder} has its own: run npm dedupe`,
      );
  }
};
