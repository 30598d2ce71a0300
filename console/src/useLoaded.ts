import { useCallback, useEffect, useState } from 'react';
import { type Problem, problemOf } from './problem.ts';

/** Something read when a part of the page appears, and read again on `reload`. Give `read` a stable identity. */
export const useLoaded = <T>(read: (signal: AbortSignal) => Promise<T>) => {
  const [value, setValue] = useState<T | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [round, setRound] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new round reads again
  useEffect(() => {
    const stop = new AbortController();
    read(stop.signal).then(
      (next) => {
        if (stop.signal.aborted) return;
        setValue(next);
        setProblem(null);
      },
      (error: unknown) => {
        if (!stop.signal.aborted) setProblem(problemOf(error));
      },
    );
    return () => stop.abort();
  }, [read, round]);
  const reload = useCallback(() => setRound((before) => before + 1), []);
  /** Puts in what has just been learnt another way. */
  const amend = useCallback(
    (change: (before: T) => T) => setValue((before) => (before === null ? null : change(before))),
    [],
  );
  return { value, problem, reload, amend };
};
