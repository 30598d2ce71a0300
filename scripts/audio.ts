/**
 * `npm run audio -- reconcile`: compares the rows of audio with its objects, of files or S3, while the platform runs or
 * not. Reads DATABASE_URL, DATA_DIR and S3_… as the platform does, and acts as a role that sees keys and checksums alone.
 * Exit code 0: all is well; 1: something is wrong, and still there; 2: it could not be looked at.
 */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { ConfigError } from '@parley/kernel/config';
import { isUuid } from '@parley/kernel/database';
import { findEmbeddedPostgres } from '@parley/kernel/embeddedPostgres';
import { createLog } from '@parley/kernel/log';
import { voiceConfig } from '@parley/voice/config';
import { type Finding, reconcile, type Totals } from '@parley/voice/reconcile';
import { type PlatformConfig, platformConfig } from '../config.ts';
import { connect, openDatabases } from '../databases.ts';

const usage = `npm run audio -- reconcile [--tenant ID] [--older-than 24h] [--verify] [--delete-orphans] [--json]
  reports objects without a row (ORPHAN), rows without their object (MISSING) and, with --verify, which reads every
  object whole, bytes that are not those that were stored (CORRUPT)
  --older-than      objects younger than this may still get their row, and are not judged: s, m, h or d
  --delete-orphans  deletes the objects it reports as ORPHAN
  --json            one JSON object a line: findings as they come, then the totals`;

class Misused extends Error {}

const unitMs: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const readDuration = (text: string): number => {
  const [, count, unit = ''] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  if (count === undefined) throw new Misused(`--older-than ${text} is no duration, e.g. 24h`);
  return Number(count) * (unitMs[unit] ?? 0);
};
const readGiven = () => {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        tenant: { type: 'string' },
        'older-than': { type: 'string', default: '24h' },
        verify: { type: 'boolean', default: false },
        'delete-orphans': { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
      },
    });
    if (positionals.length !== 1 || positionals[0] !== 'reconcile') throw new Misused('what is wanted?');
    if (values.tenant !== undefined && !isUuid(values.tenant)) throw new Misused(`--tenant ${values.tenant} is no id`);
    return { ...values, olderThanMs: readDuration(values['older-than']) };
  } catch (error) {
    throw new Misused((error as Error).message);
  }
};

/** The database of an installation that may be running. What was not running is stopped again. */
const openDatabase = async (config: PlatformConfig): Promise<{ url: string; stop(): Promise<void> }> => {
  if (config.database !== null) return { url: config.database.url, stop: async () => {} };
  const folder = path.join(config.dataDir, 'postgres');
  const running = await findEmbeddedPostgres(folder);
  if (running !== null) return { url: running, stop: async () => {} };
  if (!existsSync(folder))
    throw new ConfigError(`DATA_DIR ${config.dataDir} holds no database, and DATABASE_URL is not set`);
  return openDatabases(config);
};

const count = new Intl.NumberFormat('en').format;
const describe = ({ kind, tenantId, key, bytes, deleted }: Finding): string =>
  `${kind.padEnd(8)} tenant ${tenantId} ${key}${bytes === null ? '' : `, ${count(bytes)} bytes`}${deleted ? ', deleted' : ''}`;
const summarize = (totals: Totals): string =>
  `${count(totals.rows)} rows and ${count(totals.objects)} objects (${count(totals.bytes)} bytes) of ${count(totals.tenants)} tenants: ` +
  `${count(totals.orphans)} orphans${totals.deleted > 0 ? ` (${count(totals.deleted)} deleted)` : ''}, ${count(totals.missing)} missing, ` +
  `${count(totals.corrupt)} corrupt of ${count(totals.verified)} verified, ${count(totals.young)} too young to be judged`;

const main = async (): Promise<number> => {
  const given = readGiven();
  const config = platformConfig(process.env);
  const voice = voiceConfig(process.env);
  const log = createLog({ level: 'silent', service: 'audio' });
  const database = await openDatabase(config);
  try {
    const pool = await connect(database.url, { ...config, poolSize: 2 }, log);
    let told = Date.now();
    const totals = await reconcile(
      { pool, config: voice, dataFolder: config.dataDir, log },
      {
        tenantId: given.tenant ?? null,
        olderThanMs: given.olderThanMs,
        deleteOrphans: given['delete-orphans'],
        verify: given.verify,
        now: new Date(),
        onFinding: (finding) => console.log(given.json ? JSON.stringify(finding) : describe(finding)),
        onProgress: (so) => {
          if (Date.now() - told < 2_000) return;
          told = Date.now();
          console.error(`so far ${summarize(so)}`);
        },
      },
    ).finally(() => pool.end());
    console.log(given.json ? JSON.stringify({ kind: 'TOTALS', ...totals }) : summarize(totals));
    return totals.orphans - totals.deleted + totals.missing + totals.corrupt > 0 ? 1 : 0;
  } finally {
    await database.stop();
  }
};

process.exitCode = await main().catch((error: Error) => {
  console.error(error instanceof Misused ? `${error.message}\n${usage}` : `audio: ${error.message}`);
  return 2;
});
