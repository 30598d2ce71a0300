import { EventEmitter } from 'node:events';
import type { Actor } from '@parley/kernel/actor';
import type { PubSub } from '@parley/kernel/pubsub';
import { LRUCache } from 'lru-cache';
import { isObject } from '../execution/ownKeys.ts';

/** As auth publishes it: every ended session and revoked key. */
const channel = 'auth:revocations';
/** No token outlives this, so nothing needs to be remembered longer. */
const longestTokenMs = 65 * 60_000;

export type Revocations = {
  has(actor: Actor): boolean;
  /** Calls back when the actor's session or key is revoked. Returns how to stop listening. */
  watch(actor: Actor, onRevoked: () => void): () => void;
  close(): Promise<void>;
};

/**
 * Sessions and keys that ended before their tokens do (G47). Told at once over pub/sub and remembered for as long as a
 * token may live; a gateway that was not running then accepts such a token until it expires, at most 15 minutes later.
 */
export const listenForRevocations = async (pubsub: PubSub | undefined): Promise<Revocations> => {
  const revoked = new LRUCache<string, true>({ max: 100_000, ttl: longestTokenMs });
  const watchers = new EventEmitter().setMaxListeners(0);
  const stop = await pubsub?.subscribe(channel, (message) => {
    if (!isObject(message)) return;
    const key = keyOf(message['kind'], message['tenantId'], message['id']);
    revoked.set(key, true);
    watchers.emit(key);
  });
  return {
    has: (actor) => revoked.has(keyOfActor(actor)),
    watch: (actor, onRevoked) => {
      const key = keyOfActor(actor);
      watchers.once(key, onRevoked);
      return () => void watchers.off(key, onRevoked);
    },
    close: async () => {
      await stop?.();
    },
  };
};

const keyOf = (kind: unknown, tenantId: unknown, id: unknown): string => JSON.stringify([kind, tenantId, id]);

const keyOfActor = ({ kind, tenantId, sessionId, id }: Actor): string =>
  kind === 'API_KEY' ? keyOf('API_KEY', tenantId, id) : keyOf('SESSION', tenantId, sessionId);
