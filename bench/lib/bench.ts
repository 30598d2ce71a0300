/** Closes what a benchmark opened; the last is closed first. */
export type Opened = { closing(close: () => Promise<unknown> | unknown): void };

/**
 * Runs a benchmark and closes what it opened, also when it fails, is told to stop or takes longer than it may. Ends the
 * process: a benchmark is one.
 */
export const bench = async (longestSeconds: number, work: (opened: Opened) => Promise<void>): Promise<never> => {
  const closes: (() => Promise<unknown> | unknown)[] = [];
  let ending: Promise<never> | null = null;
  const end = (code: number): Promise<never> => {
    ending ??= (async () => {
      for (let close = closes.pop(); close !== undefined; close = closes.pop())
        await Promise.resolve(close()).catch((error: unknown) => console.error('closing:', error));
      process.exit(code);
    })();
    return ending;
  };
  process.on('SIGINT', () => void end(130)).on('SIGTERM', () => void end(143));
  setTimeout(() => {
    console.error(`broken off: it took longer than ${longestSeconds} s`);
    void end(1);
  }, longestSeconds * 1000);
  try {
    await work({
      closing: (close) => {
        // Told to stop while this was being opened: it is closed at once.
        if (ending === null) closes.push(close);
        else void close();
      },
    });
    return await end(0);
  } catch (error) {
    if (ending === null) console.error(error);
    return end(1);
  }
};
