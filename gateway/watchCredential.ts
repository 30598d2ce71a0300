import { GraphQLError } from 'graphql';
import type { Caller } from './authenticate.ts';
import { statusOf } from './errors.ts';

/** A revoked key loses its sockets within this time. */
const recheckMs = 30_000;

/**
 * Ends a socket with its credential: a token at its expiry, a key once it is no longer accepted (E42). While auth
 * cannot answer, nothing is ended. Returns how to stop watching.
 */
export const watchCredential = (caller: Caller, check: () => Promise<Caller>, onEnd: () => void): (() => void) => {
  const { actor } = caller;
  if (actor === null) return () => {};
  if (actor.expiresAt !== null) {
    const timer = setTimeout(onEnd, Math.max(0, actor.expiresAt * 1000 - Date.now()));
    return () => clearTimeout(timer);
  }
  const timer = setInterval(() => {
    check().catch((error: unknown) => {
      if (error instanceof GraphQLError && statusOf(error) === 401) onEnd();
    });
  }, recheckMs);
  return () => clearInterval(timer);
};
