import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { ask, createAgent, type SignedUp, sendMessage, signUp } from './testkit/graphql.ts';
import { startTestPlatform, type TestPlatform } from './testkit/platform.ts';

const schemas = ['identity', 'sales', 'voice', 'agent', 'analytics'];
const bookkeeping = '_prisma_migrations';
/** Belong to no organization (see tenantIsolation.int.test.ts): there is nobody's row to attack. */
const withoutTenant = new Set(['identity.sign_in_throttle', 'identity.signing_key']);
const denied = '42501'; // insufficient_privilege
const noSuchParent = '23503'; // foreign_key_violation
const taken = '23505'; // unique_violation
const notAllowedHere = '23514'; // check_violation

type Table = { name: string; schema: string; columns: string[]; key: string[] };
type Outcome = { rows: Record<string, unknown>[]; count: number; code?: string; message?: string };

describe('attacks across tenants on every table', () => {
  let platform: TestPlatform;
  let admin: pg.Client;
  let attacker: pg.Client;
  let tables: Table[];
  let a: string;
  let b: string;

  before(async () => {
    platform = await startTestPlatform();
    const [one, two] = [await signUp(platform.url, 'A'), await signUp(platform.url, 'B')];
    a = one.viewer.organization.id;
    b = two.viewer.organization.id;
    await Promise.all([liveALittle(platform.url, one), liveALittle(platform.url, two)]);
    await platform.drained();
    admin = new pg.Client({ connectionString: platform.database.adminUrl });
    attacker = new pg.Client({ connectionString: platform.database.url });
    await Promise.all([admin.connect(), attacker.connect()]);
    for (const schema of ['voice', 'analytics'])
      await admin.query(
        `INSERT INTO ${schema}.dead_letter (tenant_id, id, topic, aggregate_id, version, type, event, reason, detail, failed_at)
         SELECT t, gen_random_uuid(), 'sales.events', gen_random_uuid(), 1, 'sales.Sang', '{}', 'FAILED', '', now() FROM unnest($1::uuid[]) t`,
        [[a, b]],
      );
    const { rows } = await admin.query<Table>(
      `SELECT n.nspname || '.' || quote_ident(c.relname) AS name, n.nspname AS schema,
         (SELECT array_agg(quote_ident(attname) ORDER BY attnum) FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped) AS columns,
         (SELECT array_agg(quote_ident(a.attname) ORDER BY k.ord) FROM pg_index i, unnest(i.indkey) WITH ORDINALITY AS k(num, ord)
          JOIN pg_attribute a ON a.attnum = k.num WHERE i.indrelid = c.oid AND i.indisprimary AND a.attrelid = c.oid) AS key
       FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE c.relkind IN ('r', 'p', 'm', 'v', 'f') AND n.nspname = ANY($1) AND c.relname <> $2 ORDER BY 1`,
      [schemas, bookkeeping],
    );
    tables = rows;
  });
  after(async () => {
    await attacker?.end();
    await admin?.end();
    await platform?.stop();
  });

  /** One statement, as a role of ours with these claims, rolled back. */
  const as = async (role: string | null, claims: unknown, sql: string, values: unknown[] = []): Promise<Outcome> => {
    await attacker.query('BEGIN');
    try {
      if (role !== null) await attacker.query(`SELECT set_config('role', $1, true)`, [role]);
      if (claims !== undefined)
        await attacker.query(`SELECT set_config('request.jwt.claims', $1, true)`, [
          typeof claims === 'string' ? claims : JSON.stringify(claims),
        ]);
      const { rows, rowCount } = await attacker.query<Record<string, unknown>>(sql, values);
      return { rows, count: rowCount ?? 0 };
    } catch (error) {
      const { code = '', message } = error as { code?: string; message: string };
      return { rows: [], count: 0, code, message };
    } finally {
      await attacker.query('ROLLBACK');
    }
  };
  const app = ({ schema }: Table) => `${schema}_app`;
  const asA = (table: Table, sql: string, values: unknown[] = []) =>
    as(app(table), { role: app(table), tenant_id: a }, sql, values);
  const owned = () => tables.filter(({ name }) => !withoutTenant.has(name));
  const granted = async (table: Table, privilege: string): Promise<string[]> =>
    (
      await admin.query<{ column: string }>(
        `SELECT c AS column FROM unnest($1::text[]) AS c WHERE has_column_privilege($2, $3, replace(c, '"', ''), $4)`,
        [table.columns, app(table), table.name, privilege],
      )
    ).rows.map(({ column }) => column);
  const rowOf = async (table: Table, tenant: string): Promise<Record<string, unknown>> => {
    const { rows } = await admin.query<{ row: Record<string, unknown> }>(
      `SELECT to_json(t) AS row FROM ${table.name} t WHERE tenant_id = $1 LIMIT 1`,
      [tenant],
    );
    assert.ok(rows[0], `${table.name} holds no row of the tenant: let liveALittle make one`);
    return rows[0].row;
  };
  const insert = ({ name, columns }: Table, given: readonly string[] = columns) =>
    `INSERT INTO ${name} (${given.join(', ')}) SELECT ${given.join(', ')} FROM json_populate_record(NULL::${name}, $1)`;
  const each = async (attack: (table: Table) => Promise<void>) => {
    const failures: string[] = [];
    for (const table of owned())
      await attack(table).catch((error: Error) => failures.push(`${table.name}: ${error.message}`));
    assert.deepEqual(failures, []);
  };

  test('the journey before has left rows of both organizations in every table', async () => {
    assert.ok(tables.length >= 33, `only ${tables.length} tables`);
    await each(async (table) => {
      await rowOf(table, a);
      await rowOf(table, b);
    });
  });

  test('I01 I02 I08 B’s rows cannot be read: not by tenant, not by guessed key, not among all', async () => {
    await each(async (table) => {
      const readable = await granted(table, 'SELECT');
      const { tenant_id: _, ...row } = await rowOf(table, b);
      const key = table.key.filter((column) => column !== 'tenant_id').map((column) => column.replaceAll('"', ''));
      if (!readable.includes('tenant_id')) {
        assert.equal((await asA(table, `SELECT * FROM ${table.name}`)).code, denied);
        return;
      }
      assert.equal((await asA(table, `SELECT 1 FROM ${table.name} WHERE tenant_id = $1`, [b])).count, 0);
      const all = await asA(table, `SELECT DISTINCT tenant_id FROM ${table.name}`);
      assert.deepEqual(all.rows, [{ tenant_id: a }]);
      const guessed = await asA(
        table,
        `SELECT 1 FROM ${table.name} WHERE (${key.map((column) => `"${column}"`).join(', ')})::text = $1`,
        [key.length === 1 ? String(row[key[0] ?? '']) : `(${key.map((column) => row[column]).join(',')})`],
      );
      // A row of A may well have the same position or number; a UUID it may not.
      if (key.some((column) => /^[0-9a-f-]{36}$/.test(String(row[column])))) assert.equal(guessed.count, 0);
    });
  });

  test('I09 nothing can be inserted into B', async () => {
    await each(async (table) => {
      const given = await granted(table, 'INSERT');
      const outcome = await asA(table, insert(table, given.length > 0 ? given : table.columns), [
        await rowOf(table, b),
      ]);
      assert.equal(outcome.code, denied, outcome.message ?? `${outcome.count} rows inserted`);
    });
  });

  test('I10 I11 no row can be moved to B, and none of B’s changed, whatever column', async () => {
    await each(async (table) => {
      const moved = await asA(table, `UPDATE ${table.name} SET tenant_id = $1 WHERE tenant_id = $2`, [b, a]);
      assert.equal(moved.code, denied, `moved ${moved.count}: ${moved.message}`);
      for (const column of table.columns) {
        const changed = await asA(table, `UPDATE ${table.name} SET ${column} = ${column} WHERE tenant_id = $1`, [b]);
        assert.ok(
          changed.count === 0 && (changed.code === undefined || changed.code === denied),
          `${column}: ${changed.count} ${changed.message}`,
        );
      }
    });
  });

  test('I12 nothing of B can be deleted, by name or along with all', async () => {
    await each(async (table) => {
      const one = await asA(table, `DELETE FROM ${table.name} WHERE tenant_id = $1`, [b]);
      assert.ok(one.count === 0 && (one.code === undefined || one.code === denied), `${one.count} ${one.message}`);
      const all = await asA(table, `DELETE FROM ${table.name} RETURNING tenant_id`);
      assert.ok(all.rows.every(({ tenant_id }) => tenant_id === a));
    });
  });

  test('I14 I15 I16 B’s row under A’s name: refused where it points at B’s rows, and never "taken"', async () => {
    const { rows: references } = await admin.query<{ name: string; columns: string[] }>(
      `SELECT c.conrelid::regclass::text AS name,
         (SELECT array_agg(a.attname::text) FROM unnest(c.conkey) AS k JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k) AS columns
       FROM pg_constraint c JOIN pg_namespace n ON n.oid = c.connamespace WHERE c.contype = 'f' AND n.nspname = ANY($1)`,
      [schemas],
    );
    assert.ok(references.length >= 10);
    await each(async (table) => {
      const given = await granted(table, 'INSERT');
      if (given.length === 0) return;
      const { rows } = await admin.query<{ row: Record<string, unknown> }>(
        `SELECT to_json(t) AS row FROM ${table.name} t WHERE tenant_id = $1`,
        [b],
      );
      for (const { row } of rows) {
        const points = references.some(
          ({ name, columns }) => name === table.name && columns.every((column) => row[column] !== null),
        );
        const outcome = await asA(table, `${insert(table, given)} RETURNING 1`, [{ ...row, tenant_id: a }]);
        assert.notEqual(outcome.code, taken, 'tells that B has such a row');
        if (points && outcome.code !== denied && outcome.code !== notAllowedHere)
          assert.equal(outcome.code, noSuchParent, `inserted ${outcome.count}: ${outcome.message}`);
      }
    });
  });

  test('I14 a row of A cannot be pointed at B’s', async () => {
    const { rows: references } = await admin.query<{
      child: string;
      columns: string[];
      parent: string;
      keys: string[];
    }>(
      `SELECT c.conrelid::regclass::text AS child, c.confrelid::regclass::text AS parent,
         (SELECT array_agg(quote_ident(a.attname) ORDER BY k.ord) FROM unnest(c.conkey) WITH ORDINALITY AS k(num, ord)
          JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.num) AS columns,
         (SELECT array_agg(quote_ident(a.attname) ORDER BY k.ord) FROM unnest(c.confkey) WITH ORDINALITY AS k(num, ord)
          JOIN pg_attribute a ON a.attrelid = c.confrelid AND a.attnum = k.num) AS keys
       FROM pg_constraint c JOIN pg_namespace n ON n.oid = c.connamespace WHERE c.contype = 'f' AND n.nspname = ANY($1)`,
      [schemas],
    );
    for (const { child, columns, parent, keys } of references) {
      const table = tables.find(({ name }) => name === child);
      assert.ok(table, child);
      const target = await admin.query<Record<string, unknown>>(
        `SELECT * FROM ${parent} WHERE tenant_id = $1 LIMIT 1`,
        [b],
      );
      for (const [index, column] of columns.entries()) {
        if (column === 'tenant_id') continue;
        const outcome = await asA(table, `UPDATE ${child} SET ${column} = $1 WHERE tenant_id = $2`, [
          target.rows[0]?.[(keys[index] ?? '').replaceAll('"', '')],
          a,
        ]);
        assert.ok(
          outcome.code !== undefined && [denied, noSuchParent, taken].includes(outcome.code),
          `${child}.${column} → ${parent}: changed ${outcome.count} ${outcome.message}`,
        );
      }
    }
  });

  test('I19 I20 I24 without a tenant, with an empty or a broken one: an error, never an empty list', async () => {
    await each(async (table) => {
      const readable = (await granted(table, 'SELECT')).includes('tenant_id');
      for (const claims of [
        undefined,
        '',
        '{}',
        '{"tenant_id":null}',
        '{"tenant_id":""}',
        '{"tenant_id":"x"}',
        '[]',
        'null',
        'x',
      ]) {
        const read = await as(app(table), claims, `SELECT tenant_id FROM ${table.name}`);
        assert.ok(read.code !== undefined, `${JSON.stringify(claims)}: ${read.count} rows`);
        if (readable && (claims === undefined || claims === '')) assert.match(read.message ?? '', /no tenant is set/);
        const write = await as(app(table), claims, `DELETE FROM ${table.name}`);
        assert.ok(write.code !== undefined, `${JSON.stringify(claims)}: ${write.count} rows deleted`);
      }
    });
  });

  test('I13 I17 no truncating, no switching off, no other policy, no trigger, no ownership, no other owner', async () => {
    for (const table of tables) {
      for (const sql of [
        `TRUNCATE ${table.name}`,
        `TRUNCATE ${table.name} CASCADE`,
        `ALTER TABLE ${table.name} DISABLE ROW LEVEL SECURITY`,
        `ALTER TABLE ${table.name} NO FORCE ROW LEVEL SECURITY`,
        `CREATE POLICY mine ON ${table.name} USING (true)`,
        `DROP POLICY tenant ON ${table.name}`,
        `ALTER TABLE ${table.name} OWNER TO ${app(table)}`,
        `CREATE TRIGGER t BEFORE INSERT ON ${table.name} EXECUTE FUNCTION suppress_redundant_updates_trigger()`,
        `GRANT ALL ON ${table.name} TO PUBLIC`,
        `DROP TABLE ${table.name}`,
        `CREATE VIEW ${table.schema}.v AS SELECT * FROM ${table.name}`,
      ]) {
        const outcome = await asA(table, sql);
        // GRANT without the right to is a warning that grants nothing, on a table one may use at all.
        if (sql.startsWith('GRANT') && outcome.code === undefined) {
          const { rows } = await admin.query(
            'SELECT 1 FROM information_schema.role_table_grants WHERE grantee = $1 AND table_schema = ANY($2)',
            ['PUBLIC', schemas],
          );
          assert.deepEqual(rows, []);
        } else
          assert.ok(
            outcome.code === denied || outcome.code === '42704' || outcome.code === '42809',
            `${sql}: ${outcome.code} ${outcome.message}`,
          );
      }
    }
    for (const sql of [
      'SET LOCAL ROLE platform_owner',
      'SET LOCAL ROLE postgres',
      'SET SESSION AUTHORIZATION postgres',
      'SET LOCAL row_security = off; SELECT * FROM sales.turn',
      'CREATE SCHEMA mine',
      'CREATE OR REPLACE FUNCTION platform.tenant_id() RETURNS uuid LANGUAGE sql AS $$ SELECT NULL::uuid $$',
      'CREATE ROLE mine',
      'ALTER ROLE sales_app BYPASSRLS',
      `COPY sales.turn TO PROGRAM 'cat'`,
      `SELECT pg_read_file('/etc/passwd')`,
      'CREATE TABLE public.mine (x int)',
    ]) {
      const outcome = await as('sales_app', { role: 'sales_app', tenant_id: a }, sql);
      assert.equal(outcome.code, denied, `${sql}: ${outcome.count} ${outcome.message}`);
    }
  });

  test('I18 history is not rewritten, not even one’s own', async () => {
    const histories = tables.filter(({ name }) =>
      /\.(event|received_event|turn_update|conversation_change|reply_trace|audio_chunk)$/.test(name),
    );
    assert.ok(histories.length >= 9);
    for (const table of histories) {
      for (const column of table.columns) {
        const changed = await asA(table, `UPDATE ${table.name} SET ${column} = ${column}`);
        assert.equal(changed.code, denied, `${table.name}.${column}: ${changed.count}`);
      }
      const deleted = await asA(table, `DELETE FROM ${table.name}`);
      assert.equal(deleted.code, denied, table.name);
    }
  });

  test('the login itself and the roles that cross tenants reach only what they are for', async () => {
    for (const table of tables) {
      for (const sql of [`SELECT 1 FROM ${table.name}`, `DELETE FROM ${table.name}`])
        assert.equal((await as(null, { tenant_id: a }, sql)).code, denied, sql);
      for (const schema of schemas) {
        if (schema === table.schema) continue;
        const foreign = await as(`${schema}_app`, { tenant_id: a }, `SELECT 1 FROM ${table.name}`);
        assert.equal(foreign.code, denied, `${schema}_app reads ${table.name}`);
      }
    }
    const crossing = [
      ...schemas.map((schema) => `${schema}_relay`),
      'identity_gate',
      'sales_recovery',
      'voice_reconciler',
    ];
    for (const role of crossing) {
      for (const table of tables) {
        const { rows } = await admin.query<{ column: string }>(
          `SELECT c AS column FROM unnest($1::text[]) AS c WHERE has_column_privilege($2, $3, replace(c, '"', ''), 'SELECT')`,
          [table.columns, role, table.name],
        );
        const mayRead = rows.map(({ column }) => column);
        if (role.endsWith('_relay') && !/\.(?:event|received_event|dead_letter)$/.test(table.name))
          assert.deepEqual(mayRead, [], `${role} reads ${table.name}`);
        // Sign-in finds a person by e-mail before anything else is known.
        const known = table.name === 'identity.credential' ? ['email'] : [];
        for (const personal of ['text', 'spoken_text', 'email', 'phone', 'wrapped_key', 'name'].filter(
          (column) => !known.includes(column),
        ))
          assert.ok(!mayRead.includes(personal), `${role} reads ${table.name}.${personal}`);
        const deleted = await as(role, {}, `DELETE FROM ${table.name}`);
        const mayDelete = `${role} ${table.name}`;
        if (!/^(?:identity_gate identity\.sign_in_throttle|(\w+)_relay \1\.dead_letter)$/.test(mayDelete))
          assert.equal(deleted.code, denied, `${role} deletes ${table.name}`);
      }
    }
    for (const [role, sql] of [
      ['sales_relay', `UPDATE sales.event SET data = '{}'`],
      ['sales_relay', `UPDATE sales.event SET tenant_id = gen_random_uuid()`],
      ['sales_recovery', 'SELECT agent_id FROM sales.conversation'],
      ['sales_recovery', 'UPDATE sales.conversation SET lease_until = NULL'],
      ['voice_reconciler', 'SELECT text FROM voice.audio_chunk'],
      ['voice_reconciler', 'DELETE FROM voice.audio_chunk'],
      ['identity_gate', 'SELECT name FROM identity.organization'],
      ['identity_gate', 'UPDATE identity.api_key SET revoked_at = NULL'],
      ['analytics_relay', 'SELECT data FROM analytics.received_event'],
    ] as const)
      assert.equal((await as(role, {}, sql)).code, denied, `${role}: ${sql}`);
  });
});

/** One of everything that an organization can leave behind. */
const liveALittle = async (url: string, { accessToken: token, refreshToken }: SignedUp): Promise<void> => {
  const { agentId } = await createAgent(url, token);
  const { createPartner } = await ask<{ createPartner: { partner: { id: string } } }>(
    url,
    `mutation($refreshToken: String!, $name: String!, $body: String!) {
      createPartner(input: { name: $name }) { ... on CreatePartnerSuccess { partner { id } } }
      createApiKey(input: { name: "k", scopes: ["agents:read"] }) { __typename }
      publishPersistedDocuments(input: { manifest: [{ name: "Q", body: $body }] }) { __typename }
      synthesize(input: { locale: "en-US", text: "Good morning." }) { __typename }
      refreshSession(input: { refreshToken: $refreshToken }) { __typename } }`,
    // Of another name than the other organization's: a name of one's own may be taken.
    { refreshToken, name: crypto.randomUUID(), body: `query Q { viewer { id } } # ${crypto.randomUUID()}` },
    token,
  );
  await ask(
    url,
    'mutation($input: CreateApiKeyInput!) { createApiKey(input: $input) { __typename } }',
    { input: { name: 'of a partner', scopes: ['persisted'], partnerId: createPartner.partner.id } },
    token,
  );
  const { startConversation } = await ask<{ startConversation: { conversation: { id: string } } }>(
    url,
    'mutation($input: StartConversationInput!) { startConversation(input: $input) { ... on StartConversationSuccess { conversation { id } } } }',
    {
      input: {
        agentId,
        channel: 'PHONE',
        contact: { name: 'Someone', email: 'someone@example.com', phone: '+34 600 000 000' },
        consent: { recording: true, aiDisclosureAccepted: true },
      },
    },
    token,
  );
  const { id } = startConversation.conversation;
  await sendMessage(url, token, id, 'How much is the Pro plan?');
  for (const deadline = Date.now() + 20_000; ; await delay(50)) {
    const { conversation } = await ask<{
      conversation: { turns: { edges: { node: { audio: { status: string } | null } }[] } };
    }>(
      url,
      'query($id: ID!) { conversation(id: $id) { turns(first: 5) { edges { node { audio { status } } } } } }',
      { id },
      token,
    );
    if (conversation.turns.edges[1]?.node.audio?.status === 'READY') break;
    if (Date.now() > deadline) throw new Error('no spoken reply');
  }
  await ask(
    url,
    'mutation($id: ID!) { endConversation(input: { conversationId: $id, outcome: LOST }) { __typename } }',
    { id },
    token,
  );
};
