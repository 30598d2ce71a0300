import type { Actor } from './actor.ts';

/** Something that happened. `data` holds ids and non-personal facts; personal text only as a `Sealed` value. */
export type Event<Type extends string = string, Data extends object = object> = {
  readonly type: Type;
  readonly data: Data;
};

/** An event as stored and delivered: `version` is gapless per aggregate, `id` is what consumers dedupe by. */
export type StoredEvent<E extends Event = Event> = E & {
  readonly id: string;
  readonly tenantId: string;
  readonly aggregateId: string;
  readonly version: number;
  readonly schemaVersion: number;
  /** ISO 8601, UTC */
  readonly occurredAt: string;
  readonly actor: Pick<Actor, 'kind' | 'id'>;
};

/** Personal text inside an event, readable only while the subject's key exists (crypto-shredding). */
export type Sealed = { readonly subjectId: string; readonly keyVersion: number; readonly ciphertext: string };
