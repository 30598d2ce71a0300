import { useCallback, useRef, useState } from 'react';
import { type Problem, problemOf } from './problem.ts';

/** Runs one thing at a time for a form or a button: whether it is under way, and what became of it. */
export const useAction = <Given extends readonly unknown[]>(act: (...given: Given) => Promise<void>) => {
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const latest = useRef(act);
  latest.current = act;
  const busy = useRef(false);
  const run = useCallback(async (...given: Given): Promise<void> => {
    if (busy.current) return;
    busy.current = true;
    setBusy(true);
    setProblem(null);
    try {
      await latest.current(...given);
    } catch (error) {
      setProblem(problemOf(error));
    } finally {
      busy.current = false;
      setBusy(false);
    }
  }, []);
  return { run, isBusy, problem, clear: () => setProblem(null) };
};
