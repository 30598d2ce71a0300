import { Refusal, type RefusalIssue } from '@parley/kernel/refusal';

/** One input field's path and what is wrong with it; null when nothing is. */
export type Check = readonly [path: string | readonly string[], problem: string | null];

/** @throws Refusal INVALID_INPUT with one issue per wrong field */
export const refuseProblems = (checks: readonly Check[]): void => {
  const issues = checks.flatMap(([path, message]): RefusalIssue[] =>
    message === null ? [] : [{ path: typeof path === 'string' ? [path] : path, message }],
  );
  if (issues.length > 0) throw new Refusal('INVALID_INPUT', 'Some of the input is not valid.', { issues });
};
