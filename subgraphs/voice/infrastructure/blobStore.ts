import type { Readable } from 'node:stream';

/** Bytes `start` to `end`, both inclusive and counted from 0. */
export type ByteRange = { readonly start: number; readonly end: number };
/** `checksum` is the SHA-256 of the whole object, lower-case hex. */
export type BlobInfo = { readonly size: number; readonly contentType: string; readonly checksum: string };
export type Blob = BlobInfo & {
  /** the range asked for, or everything */
  readonly body: Readable;
};

/** An object as a listing shows it. */
export type StoredObject = { readonly key: string; readonly size: number; readonly modifiedAt: Date };

/**
 * Objects by key. A key is `<tenant id>/<kind>/…`, so that one tenant's objects lie under one prefix; see `isBlobKey`.
 * Two implementations: local files, and S3. `put` is all or nothing: a reader sees the old object or the whole new one.
 * Every call ends in bounded time; @throws BlobStoreUnavailable where the store cannot be had, BlobCorrupt where bytes
 * are not those that were stored.
 */
export type BlobStore = {
  put(key: string, bytes: Uint8Array, options: { readonly contentType: string }): Promise<BlobInfo>;
  /** null when there is no such object */
  get(key: string, range?: ByteRange): Promise<Blob | null>;
  info(key: string): Promise<BlobInfo | null>;
  /** deleting what is not there is not an error */
  delete(key: string): Promise<void>;
  /** Every object of one tenant. */
  deleteAll(tenantId: string): Promise<void>;
  /** Every object below a tenant's prefix, ours or not, in the order of their names' bytes. */
  list(tenantId: string): AsyncIterable<StoredObject>;
  /** What the objects' names begin with: ids of tenants, and whatever else somebody put there. */
  tenants(): AsyncIterable<string>;
  /** A URL that gives GET of this one object until it expires, to whoever holds it. */
  signedUrl(key: string, options: { readonly expiresInMs: number; readonly now: Date }): Promise<URL>;
};

/** Lower-case segments of letters, digits, `-` and `_`, the last with an optional extension: no dot segments, no escapes. */
const blobKey = /^[a-z0-9_-]{1,64}(?:\/[a-z0-9_-]{1,64}){1,7}(?:\.[a-z0-9]{1,8})?$/;
const tenantPrefix = /^[a-z0-9_-]{1,64}$/;
/** What a tenant's keys begin with, so that no other prefix can be meant. @throws for what is no tenant's id */
export const prefixOf = (tenantId: string): string => {
  if (!tenantPrefix.test(tenantId)) throw new Error('not the id of a tenant');
  return `${tenantId}/`;
};
export const isBlobKey = (value: string): boolean => value.length <= 300 && blobKey.test(value);

/** The object's bytes are not those that were stored. */
export class BlobCorrupt extends Error {
  constructor(key: string) {
    super(`the object ${key} does not match its checksum`);
    this.name = 'BlobCorrupt';
  }
}

/** The store did not do what it was asked: it is away, slow, overloaded or refuses us. Later the same may well succeed. */
export class BlobStoreUnavailable extends Error {
  /** what an outage is known by (`kernel/outage.ts`) */
  readonly code = 'SERVICE_UNAVAILABLE';

  constructor(message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'BlobStoreUnavailable';
  }
}
