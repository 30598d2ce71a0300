import path from 'node:path';
import type { Log } from '@parley/kernel/log';
import type { S3Settings } from '../config.ts';
import type { BlobStore } from './blobStore.ts';
import { localBlobStore } from './localBlobStore.ts';

/** Files of the data folder, or S3 where it is configured: only then is its client loaded. @throws ConfigError */
export const openBlobStore = async (options: {
  readonly s3: S3Settings | null;
  readonly dataFolder: string;
  /** where `audioHandler` is reached */
  readonly baseUrl: string;
  readonly signingKey: Uint8Array;
  readonly log: Log;
}): Promise<BlobStore> => {
  const { s3, dataFolder, baseUrl, signingKey, log } = options;
  if (s3 === null) return localBlobStore({ folder: path.join(dataFolder, 'audio'), baseUrl, signingKey });
  const [{ s3BlobStore }, { checkBucket }] = await Promise.all([import('./s3BlobStore.ts'), import('./s3Client.ts')]);
  const trouble = await checkBucket(s3);
  if (trouble !== null) log.warn(`${trouble}; replies are text alone until it answers`);
  return s3BlobStore(s3);
};
