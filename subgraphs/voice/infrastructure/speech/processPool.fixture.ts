/** A child for `processPool.test.ts`: does what it is told to, mishaps included. */
import { existsSync, writeFileSync } from 'node:fs';
import { answerParent } from './childProcess.ts';

export type FixtureJob =
  | { readonly say: string; readonly afterMs?: number }
  | { readonly fail: string }
  /** dies, or hangs, the first time only where `once` names a file to remember it by */
  | { readonly mishap: 'crash' | 'hang'; readonly once?: string };

answerParent(async (job: FixtureJob): Promise<string> => {
  if ('fail' in job) throw new Error(job.fail);
  if ('say' in job) {
    if (job.afterMs) await new Promise((resolve) => setTimeout(resolve, job.afterMs));
    return job.say;
  }
  if (job.once !== undefined && existsSync(job.once)) return 'second time';
  if (job.once !== undefined) writeFileSync(job.once, '');
  if (job.mishap === 'crash') process.exit(7);
  for (;;);
});
