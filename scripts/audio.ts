/**
 * `npm run audio -- reconcile`: compares the rows of audio with its objects, of files or S3, while the platform runs or
 * not. `npm run audio -- copy-to-s3`: copies what lies in files there. Reads DATABASE_URL, DATA_DIR and S3_… as the
 * platform does, and acts as a role that sees keys and checksums alone. Exit code 0: all is well; 1: something is wrong,
 * and still there; 2: it could not be looked at.
 */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { ConfigError } from '@parley/kernel/config';
import { isUuid } from '@parley/kernel/database';
import { findEmbeddedPostgres } from '@parley/kernel/embeddedPostgres';
import { createLog, type Log } from '@parley/kernel/log';
import { type VoiceConfig, voiceConfig } from '@parley/voice/config';
import { type CopyTotals, copyToS3, type Finding, reconcile, type Totals } from '@parley/voice/maintenance';
import { type PlatformConfig, platformConfig } from '../config.ts';
import { connect, openDatabases } from '../databases.ts';

const usage = `npm run audio -- reconcile [--tenant ID] [--older-than 24h] [--verify] [--delete-orphans] [--json]
  reports objects without a row (ORPHAN), rows without their object (MISSING) and, with --verify, which reads every
  object whole, bytes that are not those that were stored (CORRUPT)
  --older-than      objects younger than this may still get their row, and are not judged: s, m, h or d
  --delete-orphans  deletes the objects it reports as ORPHAN
  --json            one JSON object a line: findings as they come, then the totals
npm run audio -- copy-to-s3 [--json]
  copies the audio of DATA_DIR to S3_BUCKET; what lies there already, the same, is passed over`;

class Misused extends Error {}

const unitMs: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const readDuration = (text: string): number => {
  const [, count, unit = ''] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  if (count === undefined) throw new Misused(`--older-than ${text} is no duration, e.g. 24h`);
  return Number(count) * (unitMs[unit] ?? 0);
};
type Given = ReturnType<typeof readGiven>;
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
    const [command = ''] = positionals;
    if (positionals.length !== 1 || !(command in commands)) throw new Misused('what is wanted?');
    if (values.tenant !== undefined && !isUuid(values.tenant)) throw new Misused(`--tenant ${values.tenant} is no id`);
    return { ...values, command, olderThanMs: readDuration(values['older-than']) };
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

const summarizeCopy = ({ objects, copied, bytes, corrupt }: CopyTotals): string =>
  `${count(copied)} of ${count(objects)} objects copied (${count(bytes)} bytes), ${count(corrupt)} corrupt`;

const log = createLog({ level: 'silent', service: 'audio' });
/** Says how far it is, every two seconds. */
const progress = <T>(inWords: (so: T) => string): ((so: T) => void) => {
  let told = Date.now();
  return (so) => {
    if (Date.now() - told < 2_000) return;
    told = Date.now();
    console.error(`so far ${inWords(so)}`);
  };
};

/** @returns the exit code */
type Command = (given: Given, installation: { config: VoiceConfig; dataFolder: string; log: Log }) => Promise<number>;
const commands: Readonly<Record<string, Command>> = {
  reconcile: async (given, installation) => {
    const config = platformConfig(process.env);
    const database = await openDatabase(config);
    try {
      const pool = await connect(database.url, { ...config, poolSize: 2 }, log);
      const totals = await reconcile(
        { ...installation, pool },
        {
          tenantId: given.tenant ?? null,
          olderThanMs: given.olderThanMs,
          deleteOrphans: given['delete-orphans'],
          verify: given.verify,
          now: new Date(),
          onFinding: (finding) => console.log(given.json ? JSON.stringify(finding) : describe(finding)),
          onProgress: progress(summarize),
        },
      ).finally(() => pool.end());
      console.log(given.json ? JSON.stringify({ kind: 'TOTALS', ...totals }) : summarize(totals));
      return totals.orphans - totals.deleted + totals.missing + totals.corrupt > 0 ? 1 : 0;
    } finally {
      await database.stop();
    }
  },
  'copy-to-s3': async (given, installation) => {
    const totals = await copyToS3(installation, {
      onCorrupt: (key) => console.log(given.json ? JSON.stringify({ kind: 'CORRUPT', key }) : `CORRUPT  ${key}`),
      onProgress: progress(summarizeCopy),
    });
    console.log(given.json ? JSON.stringify({ kind: 'TOTALS', ...totals }) : summarizeCopy(totals));
    return totals.corrupt > 0 ? 1 : 0;
  },
};

const main = async (): Promise<number> => {
  const given = readGiven();
  const { dataDir } = platformConfig(process.env);
  const installation = { config: voiceConfig(process.env), dataFolder: dataDir, log };
  return commands[given.command]?.(given, installation) ?? 2;
};

process.exitCode = await main().catch((error: Error) => {
  console.error(error instanceof Misused ? `${error.message}\n${usage}` : `audio: ${error.message}`);
  return 2;
});
