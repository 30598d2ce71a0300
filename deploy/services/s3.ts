import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { findGo } from './go.ts';
import { freePort, type RunningServer, type ServerOptions, ServerUnavailable, startProgram } from './server.ts';

const run = promisify(execFile);
/** Of versitygw. */
export const s3Version = 'v1.8.0';
const source = 'github.com/versity/versitygw/cmd/versitygw';
const region = 'us-east-1';
const bucket = 'parley';

/** The server's program in the cache folder, built when it is not there yet. @throws ServerUnavailable */
const program = async (cacheFolder: string): Promise<string> => {
  const folder = path.join(path.resolve(cacheFolder), `versitygw-${s3Version}`);
  const file = path.join(folder, 'versitygw');
  if (existsSync(file)) return file;
  const go = await findGo(path.resolve(cacheFolder));
  console.error(`building versitygw ${s3Version} with Go (about a minute, once) …`);
  const draft = `${folder}.${process.pid}`;
  await mkdir(draft, { recursive: true });
  try {
    await run(go, ['install', `${source}@${s3Version}`], {
      env: { ...process.env, GOBIN: draft, CGO_ENABLED: '0' },
      timeout: 900_000,
      maxBuffer: 2 ** 24,
    });
    // Somebody else may have been faster: what is there is the same.
    if (!existsSync(file)) await rename(draft, folder);
  } catch (error) {
    const { stderr = '', message } = error as { stderr?: string; message: string };
    throw new ServerUnavailable(
      `versitygw ${s3Version} could not be built: ${stderr.trim().split('\n').at(-1) || message}`,
    );
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  return file;
};

/** What signs requests: random for each folder. */
const keysOf = async (folder: string): Promise<{ access: string; secret: string }> => {
  const file = path.join(folder, 'keys');
  const known = await readFile(file, 'utf8').catch(() => null);
  const text = known ?? `${randomBytes(10).toString('hex').toUpperCase()}\n${randomBytes(30).toString('base64url')}\n`;
  if (known === null) await writeFile(file, text, { mode: 0o600 });
  const [access = '', secret = ''] = text.split('\n');
  return { access, secret };
};

/**
 * Versity's S3 gateway (Apache-2.0) over a folder, on loopback, with the bucket made. It checks every signature and
 * checksum as S3 does. The folder's file system must know extended attributes: ext4, xfs, btrfs and tmpfs do.
 * @throws ServerUnavailable, also where there is no Go to build it
 */
export const startS3 = async ({ folder, cacheFolder, port: wanted }: ServerOptions): Promise<RunningServer> => {
  const command = await program(cacheFolder);
  const data = path.join(folder, 's3');
  // A folder at its top is a bucket.
  await mkdir(path.join(data, 'buckets', bucket), { recursive: true, mode: 0o700 });
  const { access, secret } = await keysOf(data);
  const port = wanted ?? (await freePort());
  const url = `http://127.0.0.1:${port}`;
  const started = await startProgram({
    name: 'S3',
    command,
    args: [
      ...['--port', `127.0.0.1:${port}`, '--region', region, '--health', '/health', '--keep-alive', '--quiet'],
      // Pages read audio from it.
      ...['--cors-allow-origin', '*', 'posix', path.join(data, 'buckets')],
    ],
    env: { ROOT_ACCESS_KEY_ID: access, ROOT_SECRET_ACCESS_KEY: secret },
    logFile: path.join(folder, 's3.log'),
    isReady: async () => (await fetch(`${url}/health`)).ok,
  });
  const env = {
    S3_ENDPOINT: url,
    S3_REGION: region,
    S3_BUCKET: bucket,
    S3_ACCESS_KEY_ID: access,
    S3_SECRET_ACCESS_KEY: secret,
  };
  return { ...started, url, port, env };
};
