import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';

/** What was measured in the windows that count, and how long those were together. */
export type Quiet = {
  readonly values: readonly number[];
  readonly seconds: number;
  /** The share of the machine's time its host took: in all windows, and in those that count. */
  readonly taken: number;
  readonly takenInQuiet: number;
};
type Window = { readonly from: number; readonly to: number; readonly taken: number; readonly justBefore: number };

const windowMs = 250;

/**
 * A virtual machine stands still while its host runs others in its place, for some milliseconds at a time, and all that
 * is under way is late. Time is cut into windows, and those in which this happened, or just before, do not count; but
 * where that is more than half of them, the least disturbed half counts.
 */
export class QuietWindows {
  readonly #values: { readonly at: number; readonly value: number }[] = [];
  readonly #marks = [mark()];
  readonly #timer = setInterval(() => this.#marks.push(mark()), windowMs);

  /** `at`, by `performance.now()`, says to which window the value belongs. */
  add(at: number, value: number): void {
    this.#values.push({ at, value });
  }

  /** What was added, of the windows between these times. Nothing is measured after. */
  between(start: number, end: number): Quiet {
    clearInterval(this.#timer);
    const windows: Window[] = [];
    let justBefore = 0;
    for (const [index, { at: to, takenMs }] of this.#marks.entries()) {
      const last = this.#marks[index - 1];
      if (!last) continue;
      const taken = takenMs - last.takenMs;
      if (last.at >= start && to <= end) windows.push({ from: last.at, to, taken, justBefore });
      justBefore = taken;
    }
    const sorted = windows.toSorted((a, b) => disturbance(a) - disturbance(b));
    const quiet = sorted.filter((window, index) => disturbance(window) === 0 || index < Math.ceil(windows.length / 2));
    return {
      values: this.#values.flatMap(({ at, value }) =>
        quiet.some(({ from, to }) => at >= from && at < to) ? [value] : [],
      ),
      seconds: lengthOf(quiet) / 1000,
      taken: shareTaken(windows),
      takenInQuiet: shareTaken(quiet),
    };
  }
}

const disturbance = ({ taken, justBefore }: Window): number => taken + justBefore;
const lengthOf = (windows: readonly Window[]): number => windows.reduce((sum, { from, to }) => sum + to - from, 0);
const shareTaken = (windows: readonly Window[]): number =>
  windows.reduce((sum, { taken }) => sum + taken, 0) / (lengthOf(windows) * cpus().length);

/** `takenMs`: "steal" of all cores (proc_stat(5)), which counts in 10 ms; 0 where there is no such file. */
const mark = (): { readonly at: number; readonly takenMs: number } => ({
  at: performance.now(),
  takenMs: stolenTicks() * 10,
});

const stolenTicks = (): number => {
  try {
    return Number(/^cpu +(?:\d+ +){7}(\d+)/.exec(readFileSync('/proc/stat', 'latin1'))?.[1] ?? 0);
  } catch {
    return 0;
  }
};
