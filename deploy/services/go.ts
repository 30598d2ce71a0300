import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdir, readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { ServerUnavailable } from './server.ts';

const run = promisify(execFile);

/** From Go 1.21 on, Go fetches by itself the newer Go that a program asks for. */
const oldestGo = [1, 21] as const;
/** What an older one is made to fetch, as a Go module, verified as every module is (https://go.dev/doc/toolchain). */
const newerGo = 'go1.26.8';
const architectures: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' };

/**
 * A Go that can build what the services need: the one on the PATH or where its installer puts it; where that is too old
 * (Debian 12 has 1.19), a newer one that it fetches into the cache folder.
 * @throws ServerUnavailable
 */
export const findGo = async (cacheFolder: string): Promise<string> => {
  let older: string | null = null;
  for (const go of ['go', '/usr/local/go/bin/go']) {
    const found = await run(go, ['version']).catch(() => null);
    if (found === null) continue;
    const [, major, minor] = /go(\d+)\.(\d+)/.exec(found.stdout) ?? [];
    if (Number(major) > oldestGo[0] || Number(minor) >= oldestGo[1]) return go;
    older ??= go;
  }
  if (older === null) throw new ServerUnavailable('go is missing: npm run services -- install');
  return fetchNewer(older, cacheFolder);
};

const fetchNewer = async (go: string, cacheFolder: string): Promise<string> => {
  const folder = path.join(cacheFolder, newerGo);
  const file = path.join(folder, 'bin', 'go');
  if (existsSync(file)) return file;
  console.error(`fetching ${newerGo} (once) …`);
  const draft = `${folder}.${process.pid}`;
  try {
    const name = `golang.org/toolchain@v0.0.1-${newerGo}.${process.platform}-${architectures[process.arch]}`;
    const { stdout } = await run(go, ['mod', 'download', '-json', name]);
    await mkdir(cacheFolder, { recursive: true });
    // A module's files are not executable, and not ours to change.
    await run('cp', ['-r', '--no-preserve=mode', (JSON.parse(stdout) as { Dir: string }).Dir, draft]);
    const tools = path.join(draft, 'pkg', 'tool', `${process.platform}_${architectures[process.arch]}`);
    for (const programs of [path.join(draft, 'bin'), tools])
      for (const program of await readdir(programs)) await chmod(path.join(programs, program), 0o755);
    // Nor may a module hold other modules: theirs are there under another name.
    for (const module of ['src', 'src/cmd'])
      await rename(path.join(draft, module, '_go.mod'), path.join(draft, module, 'go.mod'));
    if (!existsSync(file)) await rename(draft, folder);
    return file;
  } catch (error) {
    const { stderr = '', message } = error as { stderr?: string; message: string };
    throw new ServerUnavailable(`${newerGo} could not be fetched: ${stderr.trim().split('\n').at(-1) || message}`);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
};
