import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startEmbeddedPostgres } from '@parley/kernel/embeddedPostgres';
import { bootstrap, migrate } from '@parley/kernel/migrate';
import pg from 'pg';
import { contexts } from '../../contexts.ts';

const template = 'parley_template';

/** Starts a PostgreSQL in a temporary folder with every context's migrations in a template database. */
export const startTestPostgres = async (): Promise<{ environment: Record<string, string>; stop(): Promise<void> }> => {
  const folder = await mkdtemp(path.join(tmpdir(), 'parley-test-'));
  await chmod(folder, 0o755);
  const server = await startEmbeddedPostgres(path.join(folder, 'postgres'));
  return {
    environment: await prepareTemplate(server.url),
    stop: async () => {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
};

/** Makes the database that tests copy, on a server of one's choosing. @returns what they are told to find it */
export const prepareTemplate = async (adminUrl: string): Promise<Record<string, string>> => {
  const appPassword = randomBytes(12).toString('hex');
  await withAdmin(adminUrl, (admin) => admin.query(`CREATE DATABASE ${template}`));
  const url = onDatabase(adminUrl, template);
  await bootstrap(url, { appPassword });
  await migrate(url, contexts);
  return { TEST_DATABASE_ADMIN_URL: adminUrl, TEST_DATABASE_APP_PASSWORD: appPassword };
};

/** A fresh database of the test's own. `url` is the application's login, which owns nothing; `adminUrl` sees everything. */
export type TestDatabase = { readonly url: string; readonly adminUrl: string; drop(): Promise<void> };

let own: { server: ReturnType<typeof startTestPostgres>; users: number } | undefined;

/** Copies the template; under 0.1 s. Run outside `npm test`, it starts a server of its own first. */
export const testDatabase = async (): Promise<TestDatabase> => {
  let environment: Record<string, string | undefined> = process.env;
  let stopServer = async () => {};
  if (environment['TEST_DATABASE_ADMIN_URL'] === undefined) {
    own ??= { server: startTestPostgres(), users: 0 };
    own.users += 1;
    const held = own;
    const server = await held.server;
    environment = server.environment;
    stopServer = async () => {
      held.users -= 1;
      if (held.users > 0) return;
      own = undefined;
      await server.stop();
    };
  }
  const adminUrl = environment['TEST_DATABASE_ADMIN_URL'] as string;
  const name = `test_${randomBytes(6).toString('hex')}`;
  await withAdmin(adminUrl, (admin) => admin.query(`CREATE DATABASE ${name} TEMPLATE ${template}`));
  const url = new URL(onDatabase(adminUrl, name));
  url.username = 'app_login';
  url.password = environment['TEST_DATABASE_APP_PASSWORD'] as string;
  return {
    url: url.toString(),
    adminUrl: onDatabase(adminUrl, name),
    drop: async () => {
      await withAdmin(adminUrl, (admin) => admin.query(`DROP DATABASE ${name} WITH (FORCE)`));
      await stopServer();
    },
  };
};

const onDatabase = (url: string, name: string): string => {
  const on = new URL(url);
  on.pathname = `/${name}`;
  return on.toString();
};

const withAdmin = async (url: string, work: (admin: pg.Client) => Promise<unknown>): Promise<void> => {
  const admin = new pg.Client({ connectionString: url });
  await admin.connect();
  try {
    await work(admin);
  } finally {
    await admin.end();
  }
};
