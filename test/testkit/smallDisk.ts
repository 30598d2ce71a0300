import { execFileSync } from 'node:child_process';
import { chown, mkdir, stat } from 'node:fs/promises';
import path from 'node:path';

/** A file system of its own, which can be filled without harm to anybody else. Made by root, or by who may become it. */
export type SmallDisk = {
  readonly folder: string;
  /** Takes what room there is. */
  fill(): void;
  /** Gives it back. */
  clear(): void;
  unmount(): void;
};

const asRoot = (...command: string[]): void => {
  const [program = '', ...rest] = process.getuid?.() === 0 ? command : ['sudo', '-n', ...command];
  execFileSync(program, rest, { stdio: ['ignore', 'ignore', 'inherit'] });
};

/** @param like whose owner owns it */
export const mountSmallDisk = async (folder: string, megabytes: number, like: string): Promise<SmallDisk> => {
  await mkdir(folder);
  asRoot('mount', '-t', 'tmpfs', '-o', `size=${megabytes}m,mode=0700`, 'parley-small-disk', folder);
  const { uid, gid } = await stat(like);
  if (process.getuid?.() === 0) await chown(folder, uid, gid);
  else asRoot('chown', `${uid}:${gid}`, folder);
  const ballast = path.join(folder, 'ballast');
  return {
    folder,
    fill: () => asRoot('sh', '-c', 'dd if=/dev/zero of="$0" bs=4k 2>/dev/null || true', ballast),
    clear: () => asRoot('rm', ballast),
    unmount: () => asRoot('umount', folder),
  };
};
