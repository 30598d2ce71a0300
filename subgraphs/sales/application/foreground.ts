/**
 * What a customer waits for goes first: from a message's arrival to the first words of its reply. What can wait (speech,
 * later words, what is recorded at the end) waits for that, though never long.
 */
export type Foreground = {
  /** Something that is waited for has begun. @returns what to call when it is over, once or more often */
  begin(): () => void;
  /** Resolves when nothing is waited for, at the latest after `mostMs`. */
  clear(mostMs: number): Promise<void>;
};

export const createForeground = (): Foreground => {
  let underWay = 0;
  const waiting = new Set<() => void>();
  return {
    begin: () => {
      underWay += 1;
      let over = false;
      return () => {
        if (over) return;
        over = true;
        underWay -= 1;
        if (underWay === 0) for (const go of [...waiting]) go();
      };
    },
    clear: async (mostMs) => {
      if (underWay === 0) return;
      await new Promise<void>((resolve) => {
        const go = (): void => {
          clearTimeout(timer);
          waiting.delete(go);
          resolve();
        };
        const timer = setTimeout(go, mostMs);
        waiting.add(go);
      });
    },
  };
};
