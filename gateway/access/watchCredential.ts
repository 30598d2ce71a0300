import { GraphQLError } from 'graphql';
import { statusOf } from '../errors.ts';
import type { Caller } from './authenticate.ts';
import type { Revocations } from './revocations.ts';

/** A revoked key loses its sockets within this time. */
const recheckMs = 30_000;

/**
 * Ends a socket with its credential: a token at its expiry, a key once it is no longer accepted, either when it is
 * revoked (E42). While auth cannot answer, nothing is ended. Returns how to stop watching.
 */
export const watchCredential = (
  { actor }: Caller,
  check: () => Promise<Caller>,
  revocations: Revocations,
  onEnd: () => void,
): (() => void) => {
  if (actor === null) return () => {};
  const stopWatching = revocations.watch(actor, onEnd);
  const stopTimer = actor.expiresAt === null ? recheck(check, onEnd) : endAt(actor.expiresAt, onEnd);
  return () => {
    stopWatching();
    stopTimer();
  };
};

const endAt = (seconds: number, onEnd: () => void): (() => void) => {
  const timer = setTimeout(onEnd, Math.max(0, seconds * 1000 - Date.now()));
  return () => clearTimeout(timer);
};

const recheck = (check: () => Promise<Caller>, onEnd: () => void): (() => void) => {
  const timer = setInterval(() => {
    check().catch((error: unknown) => {
      if (error instanceof GraphQLError && statusOf(error) === 401) onEnd();
    });
  }, recheckMs);
  return () => clearInterval(timer);
};
