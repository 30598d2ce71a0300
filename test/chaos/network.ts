import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** One process's place in the network. */
export type Host = {
  readonly address: string;
  /** What a command begins with to run there. */
  readonly command: readonly string[];
  /** Nothing reaches it or leaves it any more, and nobody is told; until it is connected again. */
  setConnected(connected: boolean): Promise<void>;
};
/** Where the run itself is, and the hosts it gives its processes. */
export type Network = { readonly address: string; addHost(name: string): Promise<Host> };

const inside = 'CHAOS_IN_ITS_OWN_NETWORK';

/**
 * Runs this program again in namespaces of its own (network, mounts, processes) and ends as that ends: whatever becomes of
 * it, nothing of it is left. Returns where it already runs there. Needs root (CAP_SYS_ADMIN) and util-linux. @throws Error that says so
 */
export const enterOwnNetwork = async (): Promise<void> => {
  if (process.env[inside] !== undefined) return;
  if (process.getuid?.() !== 0)
    throw new Error(
      'network namespaces need root: run it as root, or with --no-namespaces, which only cuts its own links',
    );
  await run('ip', ['-V']).catch(() => {
    throw new Error('network namespaces need the program ip: apt-get install iproute2, or run with --no-namespaces');
  });
  const folder = await mkdtemp(path.join(tmpdir(), 'parley-chaos-'));
  await chmod(folder, 0o755);
  const again = spawn(
    'unshare',
    [
      ...['--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc', '--'],
      ...[process.execPath, ...process.execArgv, ...process.argv.slice(1)],
    ],
    { stdio: 'inherit', env: { ...process.env, [inside]: '1', TMPDIR: folder } },
  );
  // The first process of a namespace hears no signal it does not handle; with its parent it dies, and the others with it.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => again.kill('SIGKILL'));
  const [code] = (await once(again, 'exit')) as [number | null];
  await rm(folder, { recursive: true, force: true });
  process.exit(code ?? 1);
};

/** A bridge, and a namespace behind it for each host: what `ip link set … down` does to one, a broken switch does. */
export const openNetwork = async (): Promise<Network> => {
  const ip = (...args: string[]) => run('ip', args);
  const address = '10.203.0.1';
  // Names of namespaces are files there: this mount is ours alone.
  await run('mkdir', ['-p', '/run/netns']);
  await run('mount', ['-t', 'tmpfs', 'none', '/run/netns']);
  await ip('link', 'set', 'lo', 'up');
  await ip('link', 'add', 'hosts', 'type', 'bridge');
  await ip('addr', 'add', `${address}/24`, 'dev', 'hosts');
  await ip('link', 'set', 'hosts', 'up');
  let hosts = 0;
  return {
    address,
    addHost: async (name) => {
      hosts += 1;
      const own = `10.203.0.${hosts + 1}`;
      const port = `port${hosts}`;
      await ip('netns', 'add', name);
      await ip('link', 'add', port, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', name);
      await ip('link', 'set', port, 'master', 'hosts', 'up');
      await ip('-n', name, 'link', 'set', 'lo', 'up');
      await ip('-n', name, 'addr', 'add', `${own}/24`, 'dev', 'eth0');
      await ip('-n', name, 'link', 'set', 'eth0', 'up');
      return {
        address: own,
        command: ['ip', 'netns', 'exec', name],
        setConnected: async (connected) => {
          await ip('link', 'set', port, connected ? 'up' : 'down');
        },
      };
    },
  };
};

/** Everything on loopback: a host that is cut off is one whose links are silent. */
export const sharedLoopback = (silence: (name: string, silent: boolean) => void): Network => ({
  address: '127.0.0.1',
  addHost: async (name) => ({
    address: '127.0.0.1',
    command: [],
    setConnected: async (connected) => silence(name, !connected),
  }),
});
