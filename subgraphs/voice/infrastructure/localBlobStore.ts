import { createHash, randomUUID } from 'node:crypto';
import type { Dirent } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';
import { pipeline, Readable } from 'node:stream';
import {
  BlobCorrupt,
  type BlobInfo,
  type BlobStore,
  BlobStoreUnavailable,
  isBlobKey,
  prefixOf,
  type StoredObject,
} from './blobStore.ts';
import { checkedBytes } from './checkedBytes.ts';
import { signUrl } from './signedUrl.ts';

export type LocalBlobStoreOptions = {
  readonly folder: string;
  /** where the audio handler is reached, e.g. `http://localhost:4000` */
  readonly baseUrl: string;
  /** at least 32 random bytes */
  readonly signingKey: Uint8Array;
};

/** What stands behind an object's bytes in its file: SHA-256, then the content type, filled up with zeros. */
const checksumBytes = 32;
const typeBytes = 64;
const factsBytes = checksumBytes + typeBytes;
type Facts = Omit<BlobInfo, 'size'>;

const encodeFacts = ({ contentType, checksum }: Facts): Uint8Array => {
  const type = Buffer.from(contentType);
  if (type.length > typeBytes) throw new Error(`a content type has at most ${typeBytes} bytes`);
  return Buffer.concat([Buffer.from(checksum, 'hex'), type], factsBytes);
};
/** null where these are no facts of ours */
const decodeFacts = (bytes: Buffer): Facts | null => {
  const [, contentType] = /^([\w.+-]+\/[\w.+-]+)\0*$/.exec(bytes.toString('latin1', checksumBytes)) ?? [];
  return contentType === undefined ? null : { checksum: bytes.toString('hex', 0, checksumBytes), contentType };
};

const absentAsNull = (error: NodeJS.ErrnoException): null => {
  if (error.code === 'ENOENT') return null;
  throw error;
};
const entriesOf = (folder: string): Promise<Dirent[]> =>
  readdir(folder, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
/** In the order of whole keys: what is in a folder comes where the folder's name with its slash comes. */
async function* filesBelow(folder: string, prefix: string): AsyncGenerator<StoredObject> {
  const named = (await entriesOf(folder)).map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name));
  for (const name of named.sort()) {
    if (name.endsWith('/')) yield* filesBelow(join(folder, name), prefix + name);
    else {
      // It may be gone by now.
      const found = await stat(join(folder, name)).catch(absentAsNull);
      if (found) yield { key: prefix + name, size: Math.max(0, found.size - factsBytes), modifiedAt: found.mtime };
    }
  }
}

/**
 * Objects as files, each with its type and checksum at its end. A key is written once: nothing overwrites audio. The
 * object gets its name last, so what was half written does not exist.
 */
export const localBlobStore = ({ folder, baseUrl, signingKey }: LocalBlobStoreOptions): BlobStore => {
  if (signingKey.length < 32) throw new Error('the signing key must hold at least 32 bytes');
  const root = resolve(folder);
  const fileOf = (key: string): string => {
    const file = join(root, key);
    if (!isBlobKey(key) || !file.startsWith(root + sep)) throw new Error('not an object key');
    return file;
  };
  /** A new file; the folders above it are made where they are missing. */
  const create = (name: string): Promise<FileHandle> =>
    open(name, 'wx', 0o600).catch(async (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
      await mkdir(dirname(name), { recursive: true, mode: 0o700 });
      return open(name, 'wx', 0o600);
    });
  const read = async (handle: FileHandle, key: string): Promise<BlobInfo> => {
    const size = (await handle.stat()).size - factsBytes;
    if (size < 0) throw new BlobCorrupt(key);
    const { buffer } = await handle.read(Buffer.alloc(factsBytes), 0, factsBytes, size);
    const facts = decodeFacts(buffer);
    if (facts === null) throw new BlobCorrupt(key);
    return { size, ...facts };
  };
  return {
    async put(key, bytes, { contentType }) {
      const file = fileOf(key);
      const checksum = createHash('sha256').update(bytes).digest('hex');
      // Under another name, and forced to the disk before it has its own: a crash leaves the whole object or none. What
      // it leaves of a draft is listed like an object, and is nobody's.
      const draft = join(dirname(file), `${randomUUID()}.tmp`);
      const content = [bytes, encodeFacts({ contentType, checksum })];
      try {
        const handle = await create(draft);
        try {
          await handle.writev(content);
          await handle.datasync();
        } finally {
          await handle.close();
        }
        await rename(draft, file);
      } catch (error) {
        await rm(draft, { force: true }).catch(() => {});
        // The disk is full, or gone.
        const { code } = error as NodeJS.ErrnoException;
        throw new BlobStoreUnavailable(`the file of ${key} could not be written: ${code}`, error);
      }
      return { size: bytes.length, contentType, checksum };
    },
    async info(key) {
      const handle = await open(fileOf(key), 'r').catch(absentAsNull);
      if (handle === null) return null;
      return read(handle, key).finally(() => handle.close());
    },
    async get(key, range) {
      const handle = await open(fileOf(key), 'r').catch(absentAsNull);
      if (handle === null) return null;
      const found = await read(handle, key).catch(async (error: unknown) => {
        await handle.close();
        throw error;
      });
      if (range) return { ...found, body: handle.createReadStream({ start: range.start, end: range.end }) };
      if (found.size === 0) {
        await handle.close();
        return { ...found, body: Readable.from([]) };
      }
      const body = checkedBytes(key, found.checksum);
      // A destroyed reader closes the file; an error of the file reaches the reader.
      pipeline(handle.createReadStream({ start: 0, end: found.size - 1 }), body, () => {});
      return { ...found, body };
    },
    async delete(key) {
      await rm(fileOf(key), { force: true });
    },
    async deleteAll(tenantId) {
      await rm(join(root, prefixOf(tenantId)), { recursive: true, force: true });
    },
    list: (tenantId) => filesBelow(join(root, prefixOf(tenantId)), prefixOf(tenantId)),
    async *tenants() {
      for (const entry of await entriesOf(root)) if (entry.isDirectory()) yield entry.name;
    },
    signedUrl: async (key, options) => signUrl(signingKey, baseUrl, key, options),
  };
};
