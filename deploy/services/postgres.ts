import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { startEmbeddedPostgres } from '@parley/kernel/embeddedPostgres';
import { bootstrap } from '@parley/kernel/migrate';
import { freePort, type RunningServer, type ServerOptions, ServerUnavailable } from './server.ts';

const oldest = 15;

/** The newest PostgreSQL that Debian's packages have installed. @throws ServerUnavailable */
const binaries = (): string => {
  const root = '/usr/lib/postgresql';
  const versions = existsSync(root) ? readdirSync(root).map(Number) : [];
  const newest = Math.max(0, ...versions.filter((version) => existsSync(`${root}/${version}/bin/postgres`)));
  if (newest < oldest)
    throw new ServerUnavailable(`PostgreSQL ${oldest} or newer is missing: npm run services -- install`);
  return `${root}/${newest}/bin`;
};

/**
 * PostgreSQL of Debian's package over TCP, with the platform's roles made: DATABASE_URL is a login that owns nothing,
 * DATABASE_ADMIN_URL runs migrations. A database is a folder: started again on it, it has its data and passwords.
 */
export const startPostgres = async ({ folder, port }: ServerOptions): Promise<RunningServer & { version: string }> => {
  const from = binaries();
  const dataFolder = path.join(folder, 'postgres');
  const server = await startEmbeddedPostgres(dataFolder, {
    binaries: from,
    port: port ?? (await freePort()),
    settings: { max_connections: '200', shared_buffers: '128MB', log_min_messages: 'warning' },
  });
  const passwordFile = `${dataFolder}.app-password`;
  const known = await readFile(passwordFile, 'utf8').catch(() => null);
  const appPassword = known ?? randomBytes(18).toString('base64url');
  const admin = new URL(server.url);
  // A network like production's, and one that a test can stand in.
  admin.search = '';
  if (known === null) {
    await bootstrap(admin.toString(), { appPassword });
    await writeFile(passwordFile, appPassword, { mode: 0o600 });
  }
  const app = new URL(admin);
  app.username = 'app_login';
  app.password = appPassword;
  return {
    env: { DATABASE_URL: app.toString(), DATABASE_ADMIN_URL: admin.toString() },
    url: admin.toString(),
    port: Number(admin.port),
    pid: server.pid,
    version: path.basename(path.dirname(from)),
    stop: server.stop,
  };
};
