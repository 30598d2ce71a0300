/** The conversations that began at or after `from` and before `to`; an open side is null. */
export type Period = { readonly from: Date | null; readonly to: Date | null };
export type Interval = 'HOUR' | 'DAY';

const lengthMs: Record<Interval, number> = { HOUR: 3_600_000, DAY: 86_400_000 };
export const maxPoints = 1000;

/** @returns what is wrong with a period, or null */
export const periodProblem = ({ from, to }: Period): string | null =>
  from !== null && to !== null && from >= to ? 'from must be before to.' : null;

/** The begin of the hour or day (UTC) that `at` lies in. UTC has no daylight saving, so every one is of the same length. */
export const intervalStart = (at: Date, interval: Interval): Date =>
  new Date(Math.floor(at.getTime() / lengthMs[interval]) * lengthMs[interval]);

/** The begins of all hours or days that [from, to) touches, or null when they are more than `maxPoints`. */
export const intervalStarts = (from: Date, to: Date, interval: Interval): Date[] | null => {
  const first = intervalStart(from, interval).getTime();
  const length = Math.ceil((to.getTime() - first) / lengthMs[interval]);
  return length > maxPoints ? null : Array.from({ length }, (_, index) => new Date(first + index * lengthMs[interval]));
};
