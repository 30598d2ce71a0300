import { createHash } from 'node:crypto';
import { Transform } from 'node:stream';
import { BlobCorrupt } from './blobStore.ts';

/**
 * Passes an object's bytes on and holds the last back until their checksum is right, so that a damaged object is never
 * whole. Fails with BlobCorrupt.
 */
export const checkedBytes = (key: string, checksum: string): Transform => {
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
