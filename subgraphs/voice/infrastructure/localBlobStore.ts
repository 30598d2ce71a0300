import { createHash, randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';
import { pipeline, Transform } from 'node:stream';
import { BlobCorrupt, type BlobInfo, type BlobStore, isBlobKey } from './blobStore.ts';
import { signUrl } from './signedUrl.ts';

export type LocalBlobStoreOptions = {
  readonly folder: string;
  /** where the audio handler is reached, e.g. `http://localhost:4000` */
  readonly baseUrl: string;
  /** at least 32 random bytes */
  readonly signingKey: Uint8Array;
};

/** Two dots: no key can name it. */
const factsOf = (file: string): string => `${file}.facts.json`;
const absentAsNull = (error: NodeJS.ErrnoException): null => {
  if (error.code === 'ENOENT') return null;
  throw error;
};
/** Passes bytes on and holds the last back until their checksum is right, so that a damaged object is never whole. */
const checked = (key: string, checksum: string): Transform => {
  const hash = createHash('sha256');
  let held: Buffer | null = null;
  return new Transform({
    transform(bytes: Buffer, _encoding, done) {
      hash.update(bytes);
      const ready = held;
      held = bytes;
      done(null, ready);
    },
    flush(done) {
      if (hash.digest('hex') === checksum) done(null, held);
      else done(new BlobCorrupt(key));
    },
  });
};

/**
 * Objects as files, beside each its type and checksum. A key is written once: nothing overwrites audio. The object gets
 * its name last, so what was half written does not exist.
 */
export const localBlobStore = ({ folder, baseUrl, signingKey }: LocalBlobStoreOptions): BlobStore => {
  if (signingKey.length < 32) throw new Error('the signing key must hold at least 32 bytes');
  const root = resolve(folder);
  const fileOf = (key: string): string => {
    const file = join(root, key);
    if (!isBlobKey(key) || !file.startsWith(root + sep)) throw new Error('not an object key');
    return file;
  };
  /** Under another name, and forced to the disk: renamed later, so that a crash leaves the whole object or none. */
  const draft = async (file: string, bytes: Uint8Array): Promise<string> => {
    const name = `${file}.${randomUUID()}.tmp`;
    await using handle = await open(name, 'wx', 0o600);
    try {
      await handle.writeFile(bytes);
      await handle.datasync();
    } catch (error) {
      await rm(name, { force: true });
      throw error;
    }
    return name;
  };
  const info = async (key: string): Promise<BlobInfo | null> => {
    const file = fileOf(key);
    const found = await stat(file).catch(absentAsNull);
    const facts = await readFile(factsOf(file), 'utf8').catch(absentAsNull);
    if (found === null || facts === null) return null;
    return { size: found.size, ...(JSON.parse(facts) as Omit<BlobInfo, 'size'>) };
  };
  return {
    info,
    async put(key, bytes, { contentType }) {
      const file = fileOf(key);
      const checksum = createHash('sha256').update(bytes).digest('hex');
      await mkdir(dirname(file), { recursive: true, mode: 0o700 });
      const drafts = await Promise.allSettled([
        draft(factsOf(file), Buffer.from(JSON.stringify({ contentType, checksum }))),
        draft(file, bytes),
      ]);
      const [facts, object] = drafts;
      if (facts.status === 'rejected' || object.status === 'rejected') {
        await Promise.all(drafts.map((made) => made.status === 'fulfilled' && rm(made.value, { force: true })));
        throw drafts.find((made) => made.status === 'rejected')?.reason;
      }
      await rename(facts.value, factsOf(file));
      await rename(object.value, file);
      return { size: bytes.length, contentType, checksum };
    },
    async get(key, range) {
      const found = await info(key);
      if (found === null) return null;
      const handle = await open(fileOf(key), 'r').catch(absentAsNull);
      if (handle === null) return null;
      if (range) return { ...found, body: handle.createReadStream({ start: range.start, end: range.end }) };
      const body = checked(key, found.checksum);
      // A destroyed reader closes the file; an error of the file reaches the reader.
      pipeline(handle.createReadStream(), body, () => {});
      return { ...found, body };
    },
    async delete(key) {
      const file = fileOf(key);
      await rm(file, { force: true });
      await rm(factsOf(file), { force: true });
    },
    signedUrl: (key, options) => signUrl(signingKey, baseUrl, key, options),
  };
};
