import { buffer } from 'node:stream/consumers';
import { isUuid } from '@parley/kernel/database';
import { BlobCorrupt, type BlobStore, isBlobKey } from '../infrastructure/blobStore.ts';

export type CopyTotals = { objects: number; copied: number; bytes: number; corrupt: number };
export type Copy = {
  readonly from: BlobStore;
  readonly to: BlobStore;
  onCorrupt(key: string): void;
  onProgress(totals: Readonly<CopyTotals>): void;
};

/** Objects that travel at once. */
const atOnce = 8;

/**
 * Copies every WAV to another store; one that lies there already, the same, is passed over, so it may be done again.
 * What lies beside a WAV is made of it again when it is asked for.
 */
export const copyAudio = async ({ from, to, onCorrupt, onProgress }: Copy): Promise<CopyTotals> => {
  const totals: CopyTotals = { objects: 0, copied: 0, bytes: 0, corrupt: 0 };
  const copy = async (key: string): Promise<void> => {
    totals.objects += 1;
    try {
      const found = await from.get(key);
      // It may be gone by now.
      if (found === null) return;
      const bytes = await buffer(found.body);
      if ((await to.info(key))?.checksum === found.checksum) return;
      await to.put(key, bytes, { contentType: found.contentType });
      totals.copied += 1;
      totals.bytes += bytes.length;
    } catch (error) {
      if (!(error instanceof BlobCorrupt)) throw error;
      totals.corrupt += 1;
      onCorrupt(key);
    }
  };
  for await (const tenantId of from.tenants()) {
    if (!isUuid(tenantId)) continue;
    let travelling: Promise<void>[] = [];
    for await (const { key } of from.list(tenantId)) {
      if (!key.endsWith('.wav') || !isBlobKey(key)) continue;
      travelling.push(copy(key));
      if (travelling.length < atOnce) continue;
      await Promise.all(travelling);
      travelling = [];
      onProgress(totals);
    }
    await Promise.all(travelling);
  }
  return totals;
};
