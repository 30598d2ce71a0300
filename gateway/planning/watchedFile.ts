import { type FSWatcher, watch } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Log } from '../log.ts';

export type WatchedFile = {
  /** Looks at once. */
  check(): Promise<void>;
  close(): void;
};

/** Writers take their time, and editors write a file several times over. */
const settleMs = 200;
/** Network file systems tell of nothing. */
const lookAnywayMs = 30_000;

/**
 * Calls `onChange` with the file's text each time it has become another; that it rejects is logged. The folder is watched, not the file: what is
 * swapped in by renaming, or as Kubernetes swaps a mounted ConfigMap, is a new file under the old name.
 */
export const watchFile = (
  file: string,
  known: string,
  onChange: (text: string) => Promise<void>,
  log: Log,
): WatchedFile => {
  let text = known;
  let checking: Promise<void> = Promise.resolve();
  let settling: NodeJS.Timeout | undefined;

  const look = async (): Promise<void> => {
    const found = await readFile(file, 'utf8').catch((err: unknown) => {
      log.warn({ err, file }, 'a watched file cannot be read; what was read before stays');
      return text;
    });
    if (found === text) return;
    text = found;
    await onChange(found).catch((err: unknown) =>
      log.error({ err, file }, 'a changed file is unfit and was refused; what was read before stays'),
    );
  };
  const check = (): Promise<void> => {
    checking = checking.then(look);
    return checking;
  };
  const soon = (): void => {
    clearTimeout(settling);
    settling = setTimeout(check, settleMs);
  };

  let watcher: FSWatcher | undefined;
  const watchless = (err: unknown): void =>
    log.warn({ err, file }, `a file cannot be watched; it is looked at every ${lookAnywayMs / 1000} s`);
  try {
    watcher = watch(path.dirname(file), { persistent: false }, soon).on('error', watchless);
  } catch (err) {
    watchless(err);
  }
  const looking = setInterval(check, lookAnywayMs).unref();
  return {
    check,
    close: () => {
      watcher?.close();
      clearTimeout(settling);
      clearInterval(looking);
    },
  };
};
