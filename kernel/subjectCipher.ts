import { randomBytes } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Sealed } from './event.ts';
import { decrypt, encrypt, type MasterKey } from './keyFile.ts';

/** Where the wrapped keys of one tenant's subjects live; rows of `<schema>.subject_key`. */
export type SubjectKeys = {
  find(subjectId: string): Promise<Uint8Array | null>;
  /** Inserts unless there is one, and returns the one that is there. */
  insert(subjectId: string, wrapped: Uint8Array): Promise<Uint8Array>;
};

/**
 * Personal text in events is readable only while its subject's key exists: erasing a person is dropping one row.
 * Each subject has a data key of its own, wrapped by the master key; `place` (schema, event type, field) and the ids
 * are authenticated, so a ciphertext cannot be moved to another person or field.
 */
export type SubjectCipher = {
  /** Makes the subject's key where it is missing. @returns what to call once that is committed: it is then at hand */
  prepare(keys: SubjectKeys, tenantId: string, subjectId: string): Promise<() => void>;
  seal(keys: SubjectKeys, tenantId: string, subjectId: string, place: string, text: string): Promise<Sealed>;
  /** null when the subject's key is gone */
  open(keys: SubjectKeys, tenantId: string, place: string, sealed: Sealed): Promise<string | null>;
  forget(tenantId: string, subjectId: string): void;
};

export const subjectCipher = (master: MasterKey): SubjectCipher => {
  const cache = new LRUCache<string, Buffer>({ max: 5000, ttl: 60_000 });
  const idOf = (tenantId: string, subjectId: string) => `${tenantId}|${subjectId}`;
  const wrapping = (tenantId: string, subjectId: string) => `subject_key|${idOf(tenantId, subjectId)}|1`;
  const unwrap = (tenantId: string, subjectId: string, wrapped: Uint8Array) =>
    master.open(wrapped, wrapping(tenantId, subjectId));

  const keyFor = async (keys: SubjectKeys, tenantId: string, subjectId: string): Promise<Buffer> => {
    const cached = cache.get(idOf(tenantId, subjectId));
    if (cached !== undefined) return cached;
    const found = await keys.find(subjectId);
    if (found !== null) {
      const key = unwrap(tenantId, subjectId, found);
      cache.set(idOf(tenantId, subjectId), key);
      return key;
    }
    // Not remembered yet: the transaction that inserts it may still be rolled back.
    const wrapped = master.seal(randomBytes(32), wrapping(tenantId, subjectId));
    return unwrap(tenantId, subjectId, await keys.insert(subjectId, wrapped));
  };
  return {
    prepare: async (keys, tenantId, subjectId) => {
      const key = await keyFor(keys, tenantId, subjectId);
      return () => void cache.set(idOf(tenantId, subjectId), key);
    },
    seal: async (keys, tenantId, subjectId, place, text) => {
      const key = await keyFor(keys, tenantId, subjectId);
      const ciphertext = encrypt(key, Buffer.from(text), `${idOf(tenantId, subjectId)}|${place}`).toString('base64');
      return { subjectId, keyVersion: 1, ciphertext };
    },
    open: async (keys, tenantId, place, { subjectId, ciphertext }) => {
      const wrapped = await keys.find(subjectId);
      if (wrapped === null) return null;
      const key = unwrap(tenantId, subjectId, wrapped);
      return decrypt(key, Buffer.from(ciphertext, 'base64'), `${idOf(tenantId, subjectId)}|${place}`).toString();
    },
    forget: (tenantId, subjectId) => void cache.delete(idOf(tenantId, subjectId)),
  };
};
