import { randomBytes } from 'node:crypto';
import { ConfigError } from '@parley/kernel/config';
import type { Pool } from '@parley/kernel/database';
import type { Log } from '@parley/kernel/log';
import { type Copy, type CopyTotals, copyAudio } from './application/copyAudio.ts';
import { type Reconciliation, reconcileAudio, type Totals } from './application/reconcileAudio.ts';
import type { VoiceConfig } from './config.ts';
import { audioRows } from './infrastructure/audioRows.ts';
import { openBlobStore } from './infrastructure/openBlobStore.ts';

export type { CopyTotals } from './application/copyAudio.ts';
export type { Finding, Totals } from './application/reconcileAudio.ts';

type Installation = { readonly config: VoiceConfig; readonly dataFolder: string; readonly log: Log };

// Nobody is given a link.
const open = ({ config, dataFolder, log }: Installation, s3 = config.s3) =>
  openBlobStore({ s3, dataFolder, baseUrl: '', signingKey: randomBytes(32), log });

/** Compares an installation's rows with its objects; the platform may run meanwhile. @throws BlobStoreUnavailable */
export const reconcile = async (
  installation: Installation & { readonly pool: Pool },
  wanted: Omit<Reconciliation, 'rows' | 'store'>,
): Promise<Totals> =>
  reconcileAudio({ ...wanted, rows: audioRows(installation.pool), store: await open(installation) });

/** Copies the audio of the data folder to the S3 of the settings. @throws ConfigError BlobStoreUnavailable */
export const copyToS3 = async (
  installation: Installation,
  wanted: Pick<Copy, 'onCorrupt' | 'onProgress'>,
): Promise<CopyTotals> => {
  if (installation.config.s3 === null) throw new ConfigError('S3_BUCKET is missing: where audio is to be copied to');
  return copyAudio({ ...wanted, from: await open(installation, null), to: await open(installation) });
};
