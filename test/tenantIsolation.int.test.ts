import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import pg from 'pg';
import { type TestDatabase, testDatabase } from './testkit/database.ts';

/**
 * Every policy that is not "the rows of one tenant", and why it must be. Anything else the catalogue holds fails here.
 * `<table> <role> <command>`
 */
const crossing: Record<string, string> = {
  'identity.event identity_relay ALL': 'the relay delivers unsent events of every tenant',
  'sales.event sales_relay ALL': 'the relay delivers unsent events of every tenant',
  'voice.event voice_relay ALL': 'the relay delivers unsent events of every tenant',
  'voice.dead_letter voice_relay ALL': 'events of every tenant that could not be taken are set aside and requeued',
  'analytics.dead_letter analytics_relay ALL':
    'events of every tenant that could not be taken are set aside and requeued',
  'agent.event agent_relay ALL': 'the relay delivers unsent events of every tenant',
  'analytics.received_event analytics_relay SELECT':
    'a rebuild of everything has to know which organizations there are (ids only)',
  'identity.credential identity_gate ALL':
    'sign-in finds a person by e-mail before the organization is known; e-mails are unique across it',
  'identity.refresh_token identity_gate SELECT': 'a refresh names no organization: the token’s hash finds it',
  'identity.api_key identity_gate SELECT': 'a key names no organization: the secret’s hash finds it',
  'identity.sign_in_throttle identity_gate ALL': 'wrong passwords are counted per account before anybody is signed in',
  'identity.signing_key identity_gate ALL': 'the platform’s own keys, sealed; they belong to no organization',
  'voice.audio_chunk voice_reconciler SELECT':
    'rows are compared with the objects of every tenant (ids, keys and checksums)',
  'sales.conversation sales_recovery SELECT': 'after a crash: which conversations wait for a reply (ids and leases)',
};
const schemas = ['identity', 'sales', 'voice', 'agent', 'analytics'];
/** Tables that hold no tenant's data, and why. */
const withoutTenant: Record<string, string> = {
  'identity.credential': 'e-mails are unique across the platform; only identity_gate may see the table',
  'identity.sign_in_throttle': 'counts per hashed account name, before the organization is known',
  'identity.signing_key': 'the platform’s own keys',
};
const bookkeeping = '_prisma_migrations';
const tenantRule = '(tenant_id = ( SELECT platform.tenant_id() AS tenant_id))';

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
  const tables = async () =>
    (
      await rows<{ name: string; table: string; enabled: boolean; forced: boolean; owner: string }>(
        `SELECT n.nspname || '.' || c.relname AS name, c.relname AS table, c.relrowsecurity AS enabled, c.relforcerowsecurity AS forced,
           pg_get_userbyid(c.relowner) AS owner
         FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p', 'm', 'f') AND n.nspname = ANY($1)`,
      )
    ).filter(({ table }) => table !== bookkeeping);

  test('I08 I21 every table has row level security, forced on its owner too', async () => {
    const all = await tables();
    assert.ok(all.length >= 30, `only ${all.length} tables found`);
    assert.deepEqual(
      all.filter(({ enabled, forced }) => !enabled || !forced).map(({ name }) => name),
      [],
    );
  });

  test('I14 I15 every table has a tenant, first in its primary key; every foreign key and unique index starts with it', async () => {
    const keys = await rows<{ name: string; kind: string; columns: string[] }>(
      `SELECT c.conrelid::regclass || ' ' || c.conname AS name, c.contype AS kind,
         (SELECT array_agg(a.attname::text ORDER BY k.ord) FROM unnest(c.conkey) WITH ORDINALITY AS k(num, ord)
          JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.num) AS columns
       FROM pg_constraint c JOIN pg_namespace n ON n.oid = c.connamespace WHERE c.contype IN ('p', 'f', 'u') AND n.nspname = ANY($1)`,
    );
    const exempt = (name: string) =>
      name.includes(bookkeeping) || Object.keys(withoutTenant).some((table) => name.startsWith(`${table} `));
    assert.deepEqual(
      keys.filter(({ name, columns }) => !exempt(name) && columns[0] !== 'tenant_id').map(({ name }) => name),
      [],
    );
    const unique = await rows<{ name: string; column: string }>(
      `SELECT i.indrelid::regclass || ' ' || i.indexrelid::regclass AS name, a.attname AS column
       FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid JOIN pg_namespace n ON n.oid = t.relnamespace
       LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0] WHERE i.indisunique AND n.nspname = ANY($1)`,
    );
    assert.deepEqual(
      unique.filter(({ name, column }) => !exempt(name) && column !== 'tenant_id').map(({ name }) => name),
      [],
    );
  });

  test('I22 every policy has the tenant rule on both sides, or is listed with its reason', async () => {
    const policies = await rows<{ name: string; using: string | null; check: string | null; command: string }>(
      `SELECT schemaname || '.' || tablename || ' ' || array_to_string(roles, ',') || ' ' || cmd AS name, qual AS using, with_check AS check, cmd AS command
       FROM pg_policies WHERE schemaname = ANY($1)`,
    );
    const tenantRole = /^(\w+)\.\w+ \1_app ALL$/;
    const wrong = policies.filter(({ name, using, check }) =>
      tenantRole.test(name) ? using !== tenantRule || check !== tenantRule : crossing[name] === undefined,
    );
    assert.deepEqual(
      wrong.map(({ name, using, check }) => `${name} USING ${using} CHECK ${check}`),
      [],
    );
    const names = new Set(policies.map(({ name }) => name));
    assert.deepEqual(
      Object.keys(crossing).filter((name) => !names.has(name)),
      [],
      'listed, but no such policy exists',
    );
    assert.deepEqual(
      (await tables())
        .filter(({ name }) => withoutTenant[name] === undefined && !names.has(`${name} ${name.split('.')[0]}_app ALL`))
        .map(({ name }) => name),
      [],
      'tables without the tenant policy',
    );
  });

  test('no role of ours bypasses row level security, is a superuser, owns a table, or inherits what it may become', async () => {
    const roles = await rows<{ name: string; bypass: boolean; super: boolean; inherit: boolean; login: boolean }>(
      `SELECT rolname AS name, rolbypassrls AS bypass, rolsuper AS super, rolinherit AS inherit, rolcanlogin AS login FROM pg_roles
       WHERE $1::text[] IS NOT NULL AND rolname ~ '^(app_login|platform_owner|(identity|sales|voice|agent|analytics)_)'`,
    );
    assert.ok(roles.length >= 14);
    assert.deepEqual(
      roles.filter((role) => role.bypass || role.super).map(({ name }) => name),
      [],
    );
    assert.deepEqual(
      roles.filter(({ login }) => login).map(({ name, inherit }) => ({ name, inherit })),
      [{ name: 'app_login', inherit: false }],
    );
    assert.deepEqual([...new Set((await tables()).map(({ owner }) => owner))], ['platform_owner']);
  });

  test('I03 I04 I05 no views, materialised views or SECURITY DEFINER functions stand around the policies', async () => {
    const views = await rows<{ name: string }>(
      `SELECT n.nspname || '.' || c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE c.relkind IN ('v', 'm') AND (n.nspname = ANY($1) OR n.nspname = 'platform')
         AND coalesce((SELECT option_value FROM pg_options_to_table(c.reloptions) WHERE option_name = 'security_invoker'), 'false') <> 'true'`,
    );
    assert.deepEqual(views, []);
    const definers = await rows<{ name: string }>(
      `SELECT n.nspname || '.' || p.proname AS name FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
       WHERE p.prosecdef AND (n.nspname = ANY($1) OR n.nspname = 'platform')`,
    );
    assert.deepEqual(definers, []);
  });

  test('I13 I18 nobody but the owner may truncate, reference or trigger, and history is append-only', async () => {
    const grants = await rows<{ name: string }>(
      `SELECT table_schema || '.' || table_name || ' ' || grantee || ' ' || privilege_type AS name FROM information_schema.role_table_grants
       WHERE table_schema = ANY($1) AND grantee <> 'platform_owner'
         AND (privilege_type IN ('TRUNCATE', 'REFERENCES', 'TRIGGER') OR grantee = 'PUBLIC'
           OR (table_name = 'event' AND privilege_type IN ('UPDATE', 'DELETE')))`,
    );
    assert.deepEqual(grants, []);
    const columns = await rows<{ name: string }>(
      `SELECT DISTINCT table_schema || '.event ' || grantee || ' ' || column_name AS name FROM information_schema.column_privileges
       WHERE table_schema = ANY($1) AND table_name = 'event' AND privilege_type = 'UPDATE' AND grantee <> 'platform_owner'`,
    );
    assert.deepEqual(
      columns.map(({ name }) => name).filter((name) => !/^\w+\.event \w+_relay sent_at$/.test(name)),
      [],
    );
  });

  test('a context’s roles hold nothing in another context’s schema', async () => {
    const foreign = await rows<{ name: string }>(
      `SELECT table_schema || '.' || table_name || ' ' || grantee AS name FROM information_schema.role_table_grants
       WHERE table_schema = ANY($1) AND grantee <> 'platform_owner' AND split_part(grantee, '_', 1) <> table_schema`,
    );
    assert.deepEqual(foreign, []);
  });
});
