import { randomBytes } from 'node:crypto';
import type { Pool } from '@parley/kernel/database';
import type { Log } from '@parley/kernel/log';
import { type Reconciliation, reconcileAudio, type Totals } from './application/reconcileAudio.ts';
import type { VoiceConfig } from './config.ts';
import { audioRows } from './infrastructure/audioRows.ts';
import { openBlobStore } from './infrastructure/openBlobStore.ts';

export type { Finding, Totals } from './application/reconcileAudio.ts';

/** Compares an installation's rows with its objects; the platform may run meanwhile. @throws BlobStoreUnavailable */
export const reconcile = async (
  { pool, config, dataFolder, log }: { pool: Pool; config: VoiceConfig; dataFolder: string; log: Log },
  wanted: Omit<Reconciliation, 'rows' | 'store'>,
): Promise<Totals> => {
  // Nobody is given a link.
  const store = await openBlobStore({ s3: config.s3, dataFolder, baseUrl: '', signingKey: randomBytes(32), log });
  return reconcileAudio({ ...wanted, rows: audioRows(pool), store });
};
