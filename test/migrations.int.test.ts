import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import pg from 'pg';
import { type TestDatabase, testDatabase } from './testkit/database.ts';
import { temporaryFolder } from './testkit/platform.ts';
import { refusedStart } from './testkit/platformProcess.ts';

const run = promisify(execFile);

describe('migrations', () => {
  let database: TestDatabase;
  let admin: pg.Client;
  let emptyUrl: string;
  const empty = `test_empty_${randomBytes(4).toString('hex')}`;
  before(async () => {
    database = await testDatabase();
    admin = new pg.Client({ connectionString: database.adminUrl });
    await admin.connect();
    await admin.query(`CREATE DATABASE ${empty}`);
    const url = new URL(database.adminUrl);
    url.pathname = `/${empty}`;
    emptyUrl = url.toString();
  });
  after(async () => {
    await admin.query(`DROP DATABASE ${empty} WITH (FORCE)`);
    await admin.end();
    await database.drop();
  });
  const migrate = (url: string, ...asked: string[]) =>
    run(process.execPath, ['scripts/migrate.ts', ...asked], {
      env: { ...process.env, DATABASE_ADMIN_URL: url },
    }).then(
      ({ stdout }) => ({ code: 0, output: stdout }),
      (error: { code: number; stdout: string; stderr: string }) => ({
        code: error.code,
        output: error.stdout + error.stderr,
      }),
    );

  test('L09 npm run migrate says what is missing, applies it once though two run at once, and then has nothing to do', async () => {
    const before = await migrate(emptyUrl, '--check');
    assert.equal(before.code, 1);
    assert.match(before.output, /^missing identity\/\d+_init$/m);
    const both = await Promise.all([migrate(emptyUrl), migrate(emptyUrl)]);
    assert.deepEqual(
      both.map(({ code }) => code),
      [0, 0],
    );
    const applied = both.flatMap(({ output }) => output.match(/^applied .*/gm) ?? []);
    assert.deepEqual(applied.toSorted(), [...new Set(applied)].toSorted());
    assert.equal(applied.length, before.output.match(/^missing /gm)?.length);
    assert.deepEqual(await migrate(emptyUrl, '--check'), {
      code: 0,
      output: 'The database has every migration of this version.\n',
    });
    assert.equal((await migrate(emptyUrl, '--nonsense')).code, 2);
    assert.equal((await migrate('postgresql://nobody@127.0.0.1:1/x')).code, 1);
  });

  test('L09 M14 a version that needs a newer database does not start on it, and says what to do; one that is ahead is fine', async () => {
    const folder = await temporaryFolder();
    const environment = {
      DATABASE_URL: database.url,
      DATA_DIR: folder.path,
      SUBGRAPH_SECRET: 'services that run apart know this one',
      SUBGRAPH_ANALYTICS_URL: `unix:${folder.path}/analytics.sock`,
    };
    const names = (
      await admin.query<{ name: string }>('SELECT migration_name AS name FROM analytics._prisma_migrations')
    ).rows;
    const newest = names
      .map(({ name }) => name)
      .toSorted()
      .at(-1);
    await admin.query('UPDATE analytics._prisma_migrations SET rolled_back_at = now() WHERE migration_name = $1', [
      newest,
    ]);
    const refused = await refusedStart(environment, 20_000, ['analytics']);
    assert.equal(refused.code, 1);
    assert.match(
      refused.output,
      new RegExp(`^parley: DATABASE_URL leads to a database that lacks analytics/${newest}: npm run migrate`, 'm'),
    );
    await admin.query('UPDATE analytics._prisma_migrations SET rolled_back_at = NULL');
    await admin.query(
      `INSERT INTO analytics._prisma_migrations (id, checksum, finished_at, migration_name, applied_steps_count) VALUES ('x', 'x', now(), '99990101000000_of_the_next_version', 1)`,
    );
    const started = await refusedStart(environment, 3000, ['analytics']);
    assert.match(started.output, /parley analytics is ready/);
    await folder.remove();
  });
});
