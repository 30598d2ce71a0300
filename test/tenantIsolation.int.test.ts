import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import pg from 'pg';
import { type TestDatabase, testDatabase } from './testkit/database.ts';

/**
 * Policies that are not "one tenant's rows", each with why it must be. Whatever else the catalogue holds fails the test.
 */
const crossing: Record<string, string> = {};
const schemas = ['identity', 'sales', 'voice', 'agent', 'analytics'];
/** Prisma's bookkeeping: file names and checksums, no tenant's data, no grants. */
const withoutTenant = new Set(['_prisma_migrations']);

describe('tenant isolation in the catalogue', () => {
  let database: TestDatabase;
  let admin: pg.Client;
  before(async () => {
    database = await testDatabase();
    admin = new pg.Client({ connectionString: database.adminUrl });
    await admin.connect();
  });
  after(async () => {
    await admin.end();
    await database.drop();
  });
  const rows = async <T extends object>(sql: string) => (await admin.query<T>(sql, [schemas])).rows;

  test('I21 every table has row level security, forced on its owner too', async () => {
    const tables = await rows<{ name: string; table: string; enabled: boolean; forced: boolean }>(
      `SELECT n.nspname || '.' || c.relname AS name, c.relname AS table, c.relrowsecurity AS enabled, c.relforcerowsecurity AS forced
       FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p', 'm') AND n.nspname = ANY($1)`,
    );
    const own = tables.filter(({ table }) => !withoutTenant.has(table));
    assert.ok(own.length >= 30, `only ${own.length} tables found`);
    assert.deepEqual(
      own.filter(({ enabled, forced }) => !enabled || !forced).map(({ name }) => name),
      [],
    );
  });
});
