import type { Readable } from 'node:stream';

/** Bytes `start` to `end`, both inclusive and counted from 0. */
export type ByteRange = { readonly start: number; readonly end: number };
/** `checksum` is the SHA-256 of the whole object, lower-case hex. */
export type BlobInfo = { readonly size: number; readonly contentType: string; readonly checksum: string };
export type Blob = BlobInfo & {
  /** the range asked for, or everything */
  readonly body: Readable;
};

/**
 * Objects by key. A key is `<tenant id>/<kind>/…`, so that one tenant's objects lie under one prefix; see `isBlobKey`.
 * Two implementations: local files, and S3. `put` is all or nothing: a reader sees the old object or the whole new one.
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
  /** A URL that gives GET and HEAD of this one object until it expires, to whoever holds it. */
  signedUrl(key: string, options: { readonly expiresInMs: number; readonly now: Date }): URL;
};

/** Lower-case segments of letters, digits, `-` and `_`, the last with an optional extension: no dot segments, no escapes. */
const blobKey = /^[a-z0-9_-]{1,64}(?:\/[a-z0-9_-]{1,64}){1,7}(?:\.[a-z0-9]{1,8})?$/;
export const isBlobKey = (value: string): boolean => value.length <= 300 && blobKey.test(value);

/** The object's bytes are not those that were stored. */
export class BlobCorrupt extends Error {
  constructor(key: string) {
    super(`the object ${key} does not match its checksum`);
    this.name = 'BlobCorrupt';
  }
}
