import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createLog } from '@parley/kernel/log';
import { voiceConfig } from '@parley/voice/config';
import { platformConfig } from '../../config.ts';
import { type Platform, startPlatform } from '../../platform.ts';
import type { BlobStore } from '../../subgraphs/voice/infrastructure/blobStore.ts';
import { openBlobStore } from '../../subgraphs/voice/infrastructure/openBlobStore.ts';
import { type TestDatabase, testDatabase } from './database.ts';
import { startDistributed } from './distributed.ts';
import { testEngines } from './engines.ts';

const startOne = async (given: Record<string, string>, database: TestDatabase): Promise<Platform> => {
  if (process.env['TEST_PLATFORM'] === 'distributed')
    return { rehearsed: Promise.resolve(), reload: async () => {}, ...(await startDistributed(given, database)) };
  const log = createLog({ level: given['LOG_LEVEL'] ?? 'error', service: 'parley' });
  return startPlatform(platformConfig(given), given, log);
};

/** A folder that is gone afterwards. Other users may enter it: PostgreSQL does not run as root. */
export const temporaryFolder = async (): Promise<{ path: string; remove(): Promise<void> }> => {
  const folder = await mkdtemp(path.join(tmpdir(), 'parley-e2e-'));
  await chmod(folder, 0o755);
  return { path: folder, remove: () => rm(folder, { recursive: true, force: true }) };
};

export type TestPlatform = Platform & {
  readonly database: TestDatabase;
  readonly dataDir: string;
  /** Where its audio lies. */
  readonly audio: BlobStore;
};

/** Tests share their machine: that it is busy must not turn their requests away, and nobody rehearses on it. */
export const patient = { GATEWAY_LATENESS_MS: '10000', DATABASE_WAIT_MS: '10000', REHEARSAL: 'off' };

/**
 * Everything in this process, on a database and a data folder of its own; in six processes where TEST_PLATFORM says
 * `distributed`.
 */
export const startTestPlatform = async (environment: Record<string, string> = {}): Promise<TestPlatform> => {
  const database = await testDatabase();
  const folder = await temporaryFolder();
  const given = {
    PORT: '0',
    DATA_DIR: folder.path,
    DATABASE_URL: database.url,
    LOG_LEVEL: 'error',
    ...patient,
    ...(await testEngines()),
    ...environment,
  };
  const clean = async () => {
    await folder.remove();
    await database.drop();
  };
  try {
    const platform = await startOne(given, database);
    const stop = async () => {
      await platform.stop();
      await clean();
    };
    const audio = await openBlobStore({
      s3: voiceConfig(given).s3,
      dataFolder: folder.path,
      baseUrl: platform.url,
      signingKey: randomBytes(32),
      log: createLog({ level: 'silent', service: 'test' }),
    });
    return { ...platform, stop, database, dataDir: folder.path, audio };
  } catch (error) {
    await clean();
    throw error;
  }
};
