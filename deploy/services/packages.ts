import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

/** What of Debian's packages the servers need, and the files by one of which each is known to be there. */
const packages = [
  { name: 'postgresql', files: ['/usr/lib/postgresql'] },
  { name: 'redis-server', files: ['/usr/bin/redis-server'] },
  { name: 'openjdk-17-jre-headless', files: ['/usr/bin/java'] },
  { name: 'maven', files: ['/usr/bin/mvn'] },
  { name: 'golang-go', files: ['/usr/bin/go', '/usr/local/go/bin/go'] },
] as const;

/** Installs what is missing, and starts nothing. @throws when a package cannot be had */
export const installPackages = (): void => {
  const missing = packages.filter(({ files }) => !files.some(existsSync)).map(({ name }) => name);
  if (missing.length === 0) return;
  console.error(`installing ${missing.join(' ')} …`);
  const asRoot = (command: string, args: readonly string[]): void => {
    const [first, ...rest] =
      process.getuid?.() === 0
        ? ['env', ...environment, command, ...args]
        : ['sudo', '-n', 'env', ...environment, command, ...args];
    execFileSync(first as string, rest, { stdio: ['ignore', 'ignore', 'inherit'] });
  };
  // RUNLEVEL: a package must not start a server of its own.
  const environment = ['DEBIAN_FRONTEND=noninteractive', 'RUNLEVEL=1'];
  const options = ['-qq', '-o', 'Acquire::Retries=3'];
  if (spawnSync('apt-get', ['--version']).status !== 0)
    throw new Error(`${missing.join(', ')}: missing, and there is no apt-get to install them with`);
  asRoot('apt-get', [...options, 'update']);
  asRoot('apt-get', [...options, 'install', '-y', '--no-install-recommends', ...missing]);
};
