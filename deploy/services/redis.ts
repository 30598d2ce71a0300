import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Redis } from 'ioredis';
import { freePort, type RunningServer, type ServerOptions, ServerUnavailable, startProgram } from './server.ts';

const program = '/usr/bin/redis-server';

/** Redis of Debian's package, in memory alone: nothing in it is the only copy of anything. */
export const startRedis = async ({ folder, port: wanted }: ServerOptions): Promise<RunningServer> => {
  if (!existsSync(program)) throw new ServerUnavailable('redis-server is missing: npm run services -- install');
  const data = path.join(folder, 'redis');
  await mkdir(data, { recursive: true, mode: 0o700 });
  const passwordFile = path.join(data, 'password');
  let password = await readFile(passwordFile, 'utf8').catch(() => null);
  if (password === null) {
    password = randomBytes(18).toString('base64url');
    await writeFile(passwordFile, password, { mode: 0o600 });
  }
  const port = wanted ?? (await freePort());
  const configuration = path.join(data, 'redis.conf');
  await writeFile(
    configuration,
    `bind 127.0.0.1\nport ${port}\nrequirepass ${password}\ndatabases 10000\nsave ""\nappendonly no\ndir ${data}\nmaxmemory 256mb\nmaxmemory-policy volatile-lru\n`,
    { mode: 0o600 },
  );
  const url = `redis://:${password}@127.0.0.1:${port}`;
  const isReady = async () => {
    const probe = new Redis(url, { lazyConnect: true, retryStrategy: () => null });
    probe.on('error', () => {});
    try {
      await probe.connect();
      return (await probe.ping()) === 'PONG';
    } finally {
      probe.disconnect();
    }
  };
  const logFile = path.join(folder, 'redis.log');
  const started = await startProgram({ name: 'Redis', command: program, args: [configuration], logFile, isReady });
  return { ...started, env: { REDIS_URL: url }, url, port };
};
