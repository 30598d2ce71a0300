import { createHash, randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';

/** A context's migrations: its schema's name and the folder Prisma keeps them in (`<timestamp>_<name>/migration.sql`). */
export type Migrations = { readonly schema: string; readonly folder: string };

/** Prisma's own bookkeeping, so that `prisma migrate` reads what we applied and the other way round. */
const bookkeeping = (schema: string) => `
  CREATE SCHEMA IF NOT EXISTS ${pg.escapeIdentifier(schema)};
  SET search_path TO ${pg.escapeIdentifier(schema)};
  CREATE TABLE IF NOT EXISTS _prisma_migrations (
    id VARCHAR(36) PRIMARY KEY, checksum VARCHAR(64) NOT NULL, finished_at TIMESTAMPTZ, migration_name VARCHAR(255) NOT NULL,
    logs TEXT, rolled_back_at TIMESTAMPTZ, started_at TIMESTAMPTZ NOT NULL DEFAULT now(), applied_steps_count INTEGER NOT NULL DEFAULT 0);
  GRANT SELECT (migration_name, finished_at, rolled_back_at) ON _prisma_migrations TO ${pg.escapeIdentifier(`${schema}_app`)}`;

const migrationLock = 7_023_158;

/** Roles, rights and the tenant claim, as the database's administrator. `appPassword` is set on `app_login` where given. */
export const bootstrap = async (adminUrl: string, options: { appPassword?: string } = {}): Promise<void> => {
  const client = new pg.Client({ connectionString: adminUrl });
  await client.connect();
  try {
    await client.query(`SELECT pg_advisory_lock(${migrationLock})`);
    await client.query(await readFile(fileURLToPath(new URL('./bootstrap.sql', import.meta.url)), 'utf8'));
    if (options.appPassword !== undefined) {
      await client.query(`ALTER ROLE app_login PASSWORD ${pg.escapeLiteral(options.appPassword)}`);
    }
  } finally {
    await client.end();
  }
};

/**
 * Applies what is missing, each migration in one transaction, under an advisory lock so that two starting processes
 * do not meet. An applied migration whose text has changed since is an error: history is not rewritten.
 * @returns the names applied now, `schema/name`
 */
export const migrate = async (url: string, all: readonly Migrations[]): Promise<string[]> => {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(`SELECT pg_advisory_lock(${migrationLock})`);
    await client.query('SET ROLE platform_owner');
    const applied: string[] = [];
    for (const { schema, folder } of all) {
      await client.query(bookkeeping(schema));
      const { rows } = await client.query<{ migration_name: string; checksum: string }>(
        'SELECT migration_name, checksum FROM _prisma_migrations WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL',
      );
      const known = new Map(rows.map((row) => [row.migration_name, row.checksum]));
      for (const name of await namesIn(folder)) {
        const script = await readFile(path.join(folder, name, 'migration.sql'), 'utf8');
        const checksum = createHash('sha256').update(script).digest('hex');
        if (known.has(name)) {
          if (known.get(name) !== checksum)
            throw new Error(`Migration ${schema}/${name} was changed after it was applied`);
          continue;
        }
        await client.query('BEGIN');
        try {
          await client.query(script);
          await client.query(`SET LOCAL search_path TO ${pg.escapeIdentifier(schema)}`);
          await client.query(
            'INSERT INTO _prisma_migrations (id, checksum, finished_at, migration_name, applied_steps_count) VALUES ($1, $2, now(), $3, 1)',
            [randomUUID(), checksum, name],
          );
          await client.query('COMMIT');
        } catch (error) {
          await client.query('ROLLBACK');
          throw new Error(`Migration ${schema}/${name} failed: ${(error as Error).message}`, { cause: error });
        }
        applied.push(`${schema}/${name}`);
      }
    }
    return applied;
  } finally {
    await client.end();
  }
};

const namesIn = async (folder: string): Promise<string[]> =>
  (await readdir(folder, { withFileTypes: true }))
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();

/** The names not applied yet, of all contexts: `schema/name`. As an administrator. */
export const pendingMigrations = async (adminUrl: string, all: readonly Migrations[]): Promise<string[]> => {
  const client = new pg.Client({ connectionString: adminUrl });
  await client.connect();
  try {
    const pending: string[] = [];
    for (const migrations of all)
      pending.push(...(await missingMigrations(async (text) => (await client.query(text)).rows, migrations)));
    return pending;
  } finally {
    await client.end();
  }
};

/**
 * What one context's database lacks, `schema/name`. One that is ahead lacks nothing: the version before runs on it too
 * (expand, then contract).
 */
export const missingMigrations = async (
  query: (text: string) => Promise<{ migration_name: string }[]>,
  { schema, folder }: Migrations,
): Promise<string[]> => {
  const rows = await query(
    `SELECT migration_name FROM ${pg.escapeIdentifier(schema)}._prisma_migrations WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL`,
  ).catch((error: { code?: string }) => {
    // Nothing has been made there, or nothing of ours: undefined table or schema, no right to look, no such role.
    if (['42P01', '3F000', '42501', '22023'].includes(error.code ?? '')) return [];
    throw error;
  });
  const applied = new Set(rows.map(({ migration_name }) => migration_name));
  return (await namesIn(folder)).filter((name) => !applied.has(name)).map((name) => `${schema}/${name}`);
};
