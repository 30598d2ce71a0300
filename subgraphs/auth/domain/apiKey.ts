import { apiKeyScopes, type Role } from '@parley/kernel/actor';
import { type Check, refuseProblems } from './input.ts';
import { nameProblem, normaliseName } from './name.ts';

export type NewApiKey = { name: string; scopes: string[]; expiresAt: Date | null };

const isKeyScope = (scope: string): boolean => (apiKeyScopes as readonly string[]).includes(scope);

/**
 * What a new key may do, each scope once. `persisted` beside other scopes makes an ordinary key: alone it narrows the
 * key to what was published for it.
 * @throws Refusal INVALID_INPUT
 */
export const checkApiKey = (
  input: { name: string; scopes: readonly string[]; expiresAt: Date | null },
  now: Date,
): NewApiKey => {
  refuseProblems([
    ['name', nameProblem(input.name)],
    ['scopes', input.scopes.length === 0 ? 'must name at least one scope' : null],
    ...input.scopes.map(
      (scope, index): Check => [
        ['scopes', String(index)],
        isKeyScope(scope) ? null : `must be one of ${apiKeyScopes.join(', ')}`,
      ],
    ),
    ['expiresAt', input.expiresAt !== null && input.expiresAt <= now ? 'must lie in the future' : null],
  ]);
  return { name: normaliseName(input.name), scopes: [...new Set(input.scopes)], expiresAt: input.expiresAt };
};

/** The role under which a key shows itself: a partner's, or that of a program of the organization's own. */
export const roleOfApiKey = (partnerId: string | null): Role => (partnerId === null ? 'MANAGER' : 'PARTNER');
