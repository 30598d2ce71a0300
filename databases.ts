import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ConfigError } from '@parley/kernel/config';
import { openPool, type Pool } from '@parley/kernel/database';
import { startEmbeddedPostgres } from '@parley/kernel/embeddedPostgres';
import type { Log } from '@parley/kernel/log';
import { bootstrap, type Migrations, migrate, missingMigrations } from '@parley/kernel/migrate';
import { sqlFor } from '@parley/kernel/sql';
import pg from 'pg';
import type { PlatformConfig } from './config.ts';
import { contexts } from './contexts.ts';

/** Where the tables are, migrated: the given server, or PostgreSQL of our own in the data folder. */
export const openDatabases = async (config: PlatformConfig): Promise<{ url: string; stop(): Promise<void> }> => {
  if (config.database !== null) {
    const { url, adminUrl } = config.database;
    if (adminUrl !== null) {
      await bootstrap(adminUrl).catch((error: Error) => {
        throw new ConfigError(
          `DATABASE_ADMIN_URL cannot be used: ${error.message || (error as NodeJS.ErrnoException).code}`,
        );
      });
      await migrate(adminUrl, contexts);
    }
    return { url, stop: async () => {} };
  }
  const server = await startEmbeddedPostgres(path.join(config.dataDir, 'postgres'));
  const release = await holdDataFolder(server.url, config.dataDir);
  const stop = async () => {
    await release();
    await server.stop();
  };
  try {
    const appPassword = randomBytes(18).toString('base64url');
    await bootstrap(server.url, { appPassword });
    await migrate(server.url, contexts);
    const url = new URL(server.url);
    url.username = 'app_login';
    url.password = appPassword;
    return { url: url.toString(), stop };
  } catch (error) {
    await stop();
    throw error;
  }
};

const folderLock = 7_023_159;
/** How long a platform that was just killed may still seem to be there. */
const lingerMs = 3000;

/** One platform per data folder: a lock that PostgreSQL lets go of when its holder dies. @throws ConfigError */
const holdDataFolder = async (url: string, dataDir: string): Promise<() => Promise<void>> => {
  const holder = new pg.Client({ connectionString: url });
  // The server may be stopped under us by an operator; what needs it will say so.
  holder.on('error', () => {});
  await holder.connect();
  for (let waited = 0; ; waited += 100) {
    const { rows } = await holder.query<{ held: boolean }>(`SELECT pg_try_advisory_lock(${folderLock}) AS held`);
    if (rows[0]?.held === true) return () => holder.end();
    if (waited >= lingerMs) break;
    await delay(100);
  }
  await holder.end();
  throw new ConfigError(
    `DATA_DIR ${dataDir} is in use by another platform: stop that one, or set DATA_DIR to another folder`,
  );
};

/**
 * Refuses a database that is older than this version: it would fail at the first statement that needs what is missing.
 * @throws ConfigError
 */
export const requireMigrations = async (pool: Pool, of: readonly Migrations[]): Promise<void> => {
  const missing: string[] = [];
  for (const migrations of of)
    missing.push(...(await missingMigrations(sqlFor(pool, { role: `${migrations.schema}_app` }).run, migrations)));
  if (missing.length > 0)
    throw new ConfigError(
      `DATABASE_URL leads to a database that lacks ${missing.join(', ')}: npm run migrate, with DATABASE_ADMIN_URL, before this version starts`,
    );
};

/** The application's connections, once the database has answered on one. @throws ConfigError */
export const connect = async (url: string, config: PlatformConfig, log: Log): Promise<Pool> => {
  const pool = openPool(url, {
    max: config.poolSize,
    waitMs: config.connectionWaitMs,
    statementTimeoutMs: config.statementTimeoutMs,
    onError: (error) => log.warn({ err: error.message }, 'database connection lost'),
  });
  await pool.query('SELECT 1').catch(async (error: Error) => {
    await pool.end();
    throw new ConfigError(`DATABASE_URL cannot be used: ${error.message || (error as NodeJS.ErrnoException).code}`);
  });
  return pool;
};
