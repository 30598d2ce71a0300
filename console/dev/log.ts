/** An append-only list with live readers: what conversationTurns and audioChunks are to the page. */
export const createLog = <T>() => {
  const items: T[] = [];
  const waiting = new Set<() => void>();
  let isClosed = false;
  const wake = (): void => {
    for (const resume of waiting) resume();
    waiting.clear();
  };
  return {
    items,
    append: (item: T): void => {
      items.push(item);
      wake();
    },
    close: (): void => {
      isClosed = true;
      wake();
    },
    async *read(after: number): AsyncGenerator<T, void, undefined> {
      for (let at = after; ; at += 1) {
        while (at >= items.length) {
          if (isClosed) return;
          await new Promise<void>((resolve) => waiting.add(resolve));
        }
        yield items[at] as T;
      }
    },
  };
};
