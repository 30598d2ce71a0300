import type { Tokens } from '@parley/client';

const key = 'parley.session';

/** The session this tab was left with; null for none, or for something else under its name. */
export const keptTokens = (): Tokens | null => {
  try {
    const value: unknown = JSON.parse(sessionStorage.getItem(key) ?? 'null');
    return isTokens(value) ? value : null;
  } catch {
    return null;
  }
};

export const keepTokens = (tokens: Tokens | null): void => {
  if (tokens === null) sessionStorage.removeItem(key);
  else sessionStorage.setItem(key, JSON.stringify(tokens));
};

const isTokens = (value: unknown): value is Tokens =>
  typeof value === 'object' &&
  value !== null &&
  'accessToken' in value &&
  typeof value.accessToken === 'string' &&
  'refreshToken' in value &&
  typeof value.refreshToken === 'string' &&
  'expiresAt' in value &&
  typeof value.expiresAt === 'number';
