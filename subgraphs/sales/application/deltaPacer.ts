/** Between two stored deltas of a turn; words that come meanwhile travel together. */
const intervalMs = 80;
/** Words of the first delta and of each later one: a reader sees text stream, the store sees few writes. */
const firstWords = 12;
const laterWords = 10;

/** Takes text as fast as it comes and stores it piece by piece, each piece whole words, one write at a time. */
export type DeltaPacer = { push(text: string): void; failed(): boolean; drained(): Promise<void> };

export const deltaPacer = (store: (delta: string) => Promise<void>): DeltaPacer => {
  let pending = '';
  let first = true;
  let running: Promise<void> | null = null;
  let failure: { error: unknown } | null = null;

  const run = async () => {
    while (pending !== '' && failure === null) {
      const piece = takeWords(pending, first ? firstWords : laterWords);
      pending = pending.slice(piece.length);
      first = false;
      try {
        await store(piece);
      } catch (error) {
        failure = { error };
        return;
      }
      if (pending !== '') await new Promise((resolve) => setTimeout(resolve, intervalMs));
    }
  };
  return {
    push: (text) => {
      pending += text;
      running ??= Promise.resolve()
        .then(run)
        .finally(() => {
          running = null;
        });
    },
    failed: () => failure !== null,
    drained: async () => {
      while (running !== null) await running;
      if (failure !== null) throw failure.error;
    },
  };
};

/** The first `count` words of `text`, with the space around them. */
export const takeWords = (text: string, count: number): string => {
  let words = 0;
  for (const match of text.matchAll(/\s*\S+\s*/gu)) {
    words += 1;
    if (words === count) return text.slice(0, match.index + match[0].length);
  }
  return text;
};
