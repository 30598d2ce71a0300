import { finished } from 'node:stream/promises';
import { isUuid } from '@parley/kernel/database';
import type { AudioRow, AudioRows } from '../infrastructure/audioRows.ts';
import { BlobCorrupt, type BlobStore, isBlobKey, type StoredObject } from '../infrastructure/blobStore.ts';

/** ORPHAN: an object without a row. MISSING: a row without its object. CORRUPT: an object that is not what was stored. */
export type Finding = {
  readonly kind: 'ORPHAN' | 'MISSING' | 'CORRUPT';
  readonly tenantId: string;
  readonly key: string;
  /** of an orphan */
  readonly bytes: number | null;
  readonly deleted: boolean;
};
export type Totals = {
  tenants: number;
  rows: number;
  objects: number;
  bytes: number;
  /** Objects without a row that may still get one. */
  young: number;
  verified: number;
  orphans: number;
  missing: number;
  corrupt: number;
  deleted: number;
};
export type Reconciliation = {
  readonly rows: AudioRows;
  readonly store: BlobStore;
  /** null: every tenant */
  readonly tenantId: string | null;
  /** An object gets its row after it was put: one younger than this is not judged. */
  readonly olderThanMs: number;
  readonly deleteOrphans: boolean;
  /** Reads every object whole. */
  readonly verify: boolean;
  readonly now: Date;
  onFinding(finding: Finding): void;
  onProgress(totals: Readonly<Totals>): void;
};

/** Objects that are read at once. */
const verifiedAtOnce = 8;

/**
 * Compares rows with objects, tenant by tenant, both in the order of their keys: neither is held in memory. What seems
 * wrong is looked at again before it is said, because work goes on meanwhile.
 */
export const reconcileAudio = async (work: Reconciliation): Promise<Totals> => {
  const totals: Totals = {
    tenants: 0,
    rows: 0,
    objects: 0,
    bytes: 0,
    young: 0,
    verified: 0,
    orphans: 0,
    missing: 0,
    corrupt: 0,
    deleted: 0,
  };
  for (const tenantId of work.tenantId === null ? await everyTenant(work) : [work.tenantId]) {
    totals.tenants += 1;
    await reconcileTenant(work, tenantId, totals);
    work.onProgress(totals);
  }
  return totals;
};

/** Those with rows, and those whose objects alone are left. What is no tenant's belongs to somebody else. */
const everyTenant = async ({ rows, store }: Reconciliation): Promise<string[]> => {
  const known = new Set(await rows.tenants());
  for await (const prefix of store.tenants()) if (isUuid(prefix)) known.add(prefix);
  return [...known].sort();
};

const reconcileTenant = async (work: Reconciliation, tenantId: string, totals: Totals): Promise<void> => {
  const find = (finding: Omit<Finding, 'tenantId'>) => work.onFinding({ tenantId, ...finding });
  const rows = work.rows.of(tenantId);
  const next = async (): Promise<AudioRow | null> => {
    const { value, done } = await rows.next();
    if (done) return null;
    totals.rows += 1;
    return value;
  };
  const missing = async ({ key }: AudioRow): Promise<void> => {
    const isThere = await work.store.info(key).then(
      (info) => info !== null,
      (error: unknown) => {
        if (error instanceof BlobCorrupt) return true;
        throw error;
      },
    );
    if (isThere || (await work.rows.find(tenantId, key)) === null) return;
    totals.missing += 1;
    find({ kind: 'MISSING', key, bytes: null, deleted: false });
  };
  const orphan = async ({ key, size, modifiedAt }: StoredObject): Promise<void> => {
    if (work.now.getTime() - modifiedAt.getTime() < work.olderThanMs) {
      totals.young += 1;
      return;
    }
    if ((await work.rows.find(tenantId, sourceOf(key))) !== null) return;
    const deleted = work.deleteOrphans && isBlobKey(key);
    if (deleted) await work.store.delete(key);
    totals.orphans += 1;
    totals.deleted += Number(deleted);
    find({ kind: 'ORPHAN', key, bytes: size, deleted });
  };
  const verify = async (row: AudioRow): Promise<void> => {
    const isSound = await isAsStored(work.store, row);
    totals.verified += 1;
    if (isSound) return;
    totals.corrupt += 1;
    find({ kind: 'CORRUPT', key: row.key, bytes: null, deleted: false });
  };

  try {
    // The rows' moment is before the listing: an object that a row speaks of is listed, or gone.
    let row = await next();
    let toVerify: AudioRow[] = [];
    let before = '';
    for await (const object of work.store.list(tenantId)) {
      if (object.key <= before) throw new Error(`the store does not list in order: ${object.key} after ${before}`);
      before = object.key;
      totals.objects += 1;
      totals.bytes += object.size;
      if (totals.objects % 1_000 === 0) work.onProgress(totals);
      for (; row !== null && row.key < object.key; row = await next()) await missing(row);
      if (row?.key === object.key) {
        if (work.verify) toVerify.push(row);
        row = await next();
      } else if (row?.key !== sourceOf(object.key)) await orphan(object);
      if (toVerify.length < verifiedAtOnce) continue;
      await Promise.all(toVerify.map(verify));
      toVerify = [];
    }
    await Promise.all(toVerify.map(verify));
    for (; row !== null; row = await next()) await missing(row);
  } finally {
    await rows.return(undefined);
  }
};

/** What lies beside a WAV was made of it. In the order of keys, `.mp3` comes right before its `.wav`. */
const sourceOf = (key: string): string => key.replace(/\.mp3$/, '.wav');

/** Whether the object's bytes have the checksum that it and its row were stored with. One that is gone since is not judged. */
const isAsStored = async (store: BlobStore, { key, checksum }: AudioRow): Promise<boolean> => {
  try {
    const found = await store.get(key);
    if (found === null) return true;
    await finished(found.body.resume());
    return checksum === null || checksum === found.checksum;
  } catch (error) {
    if (error instanceof BlobCorrupt) return false;
    throw error;
  }
};
