import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { uuidv7 } from '@parley/kernel/id';
import type pg from 'pg';
import { startTestAuth, type TestAuth } from '../auth.fixture.ts';

const tenantTables = [
  ...['organization', '"user"', 'membership', 'session', 'refresh_token', 'partner', 'api_key'],
  ...['persisted_document', 'event', 'subject_key'],
];
const gateTables = ['credential', 'sign_in_throttle', 'signing_key'];

/** SQL as our processes' login may send it, whatever a bug or an injection makes of it. */
describe('identity’s rows, attacked by role', () => {
  let t: TestAuth;
  let mine: string;
  let theirs: string;
  before(async () => {
    t = await startTestAuth();
    const [a, b] = [await t.signUp(), await t.signUp()];
    for (const { actor } of [a, b]) {
      const { partner } = await t.mutate('createPartner', { name: 'Globex' }, actor);
      await t.mutate('createApiKey', { name: 'k', scopes: ['persisted'], partnerId: partner.id }, actor);
      await t.mutate('publishPersistedDocuments', { manifest: [{ name: 'm', body: '{ viewer { id } }' }] }, actor);
    }
    mine = a.actor.tenantId;
    theirs = b.actor.tenantId;
  });
  after(() => t.stop());

  const as = async (
    role: string,
    tenantId: string | null,
    sql: string,
    values: unknown[] = [],
  ): Promise<pg.QueryResult> => {
    const client = await t.options.pool.connect();
    try {
      await client.query('BEGIN');
      const claims = tenantId === null ? '' : JSON.stringify({ tenant_id: tenantId });
      await client.query("SELECT set_config('role', $1, true), set_config('request.jwt.claims', $2, true)", [
        role,
        claims,
      ]);
      return await client.query(sql, values);
    } finally {
      await client.query('ROLLBACK');
      client.release();
    }
  };

  test('I01 I30 a tenant sees its own rows of every table and nobody else’s', async () => {
    for (const table of tenantTables) {
      const { rows } = await as('identity_app', mine, `SELECT DISTINCT tenant_id FROM identity.${table}`);
      assert.deepEqual(rows, [{ tenant_id: mine }], table);
    }
  });

  test('I20 without a tenant it is an error, not an empty list', async () => {
    for (const table of tenantTables) {
      await assert.rejects(as('identity_app', null, `SELECT 1 FROM identity.${table}`), /no tenant is set/, table);
    }
  });

  test('I15 a tenant’s role cannot ask who has an account: passwords, e-mails and counters are not its to see', async () => {
    for (const table of gateTables) {
      await assert.rejects(as('identity_app', mine, `SELECT 1 FROM identity.${table}`), /permission denied/, table);
    }
    const insert = `INSERT INTO identity."user" (tenant_id, id, email, created_at) SELECT $1, $2, email, now() FROM identity."user" LIMIT 1`;
    assert.equal(
      (await as('identity_app', mine, insert, [mine, uuidv7()])).rowCount,
      1,
      'no unique e-mail to bump into',
    );
  });

  test('I09 I10 I11 I12 a tenant writes nothing of another’s', async () => {
    await assert.rejects(
      as(
        'identity_app',
        mine,
        'INSERT INTO identity.partner (tenant_id, id, name, created_at) VALUES ($1, $2, $3, now())',
        [...[theirs, uuidv7(), 'x']],
      ),
      /row-level security/,
    );
    const update = await as(
      'identity_app',
      mine,
      'UPDATE identity.api_key SET revoked_at = now() WHERE tenant_id = $1',
      [theirs],
    );
    assert.equal(update.rowCount, 0);
    await assert.rejects(
      as('identity_app', mine, 'UPDATE identity.partner SET tenant_id = $1', [theirs]),
      /permission denied/,
    );
    await assert.rejects(as('identity_app', mine, 'DELETE FROM identity.partner'), /permission denied/);
  });

  test('I14 a key cannot point at another tenant’s partner', async () => {
    const { rows } = await t.admin.query('SELECT id FROM identity.partner WHERE tenant_id = $1', [theirs]);
    await assert.rejects(
      as(
        'identity_app',
        mine,
        `INSERT INTO identity.api_key (tenant_id, id, partner_id, name, prefix, secret_hash, scopes, created_at)
         VALUES ($1, $2, $3, 'x', 'pk_x', 'x', '{}', now())`,
        [mine, uuidv7(), rows[0].id],
      ),
      /foreign key/,
    );
  });

  test('I18 nobody rewrites events, scopes, hashes or who a session belongs to', async () => {
    for (const sql of [
      `UPDATE identity.event SET data = '{}'`,
      'DELETE FROM identity.event',
      `UPDATE identity.api_key SET scopes = '{organization:admin}'`,
      `UPDATE identity.membership SET role = 'OWNER'`,
      'UPDATE identity.session SET user_id = $1',
      `UPDATE identity.persisted_document SET body = ''`,
      'UPDATE identity.refresh_token SET expires_at = now()',
    ]) {
      await assert.rejects(
        as('identity_app', mine, sql, sql.includes('$1') ? [uuidv7()] : []),
        /permission denied/,
        sql,
      );
    }
  });

  test('the gate sees what finds a tenant and nothing of its business', async () => {
    for (const table of [
      'organization',
      '"user"',
      'membership',
      'session',
      'partner',
      'persisted_document',
      'event',
      'subject_key',
    ]) {
      await assert.rejects(as('identity_gate', null, `SELECT 1 FROM identity.${table}`), /permission denied/, table);
    }
    await as('identity_gate', null, 'SELECT tenant_id, id, hash FROM identity.refresh_token');
    await assert.rejects(as('identity_gate', null, 'SELECT salt FROM identity.refresh_token'), /permission denied/);
    await assert.rejects(as('identity_gate', null, 'SELECT name FROM identity.api_key'), /permission denied/);
    await assert.rejects(as('identity_gate', null, 'DELETE FROM identity.credential'), /permission denied/);
    await assert.rejects(as('identity_gate', null, `UPDATE identity.credential SET email = 'x'`), /permission denied/);
  });

  test('the relay sees events and marks them sent, no more', async () => {
    await as('identity_relay', null, 'SELECT 1 FROM identity.event');
    await as('identity_relay', null, 'UPDATE identity.event SET sent_at = now()');
    await assert.rejects(as('identity_relay', null, `UPDATE identity.event SET data = '{}'`), /permission denied/);
    for (const table of [...tenantTables.filter((name) => name !== 'event'), ...gateTables]) {
      await assert.rejects(as('identity_relay', null, `SELECT 1 FROM identity.${table}`), /permission denied/, table);
    }
  });
});
