import { setTimeout as delay } from 'node:timers/promises';
import { causesOf } from './outage.ts';

/** PostgreSQL's serialization failure and deadlock (appendix A, class 40), and Prisma's word for both. */
const conflicts = new Set<unknown>(['40001', '40P01', 'P2034']);
const tries = 3;
const longestPauseMs = 20;

/** Whether a transaction gave way to another: nothing of it was recorded, and the same may well succeed now. */
export const isConflict = (error: unknown): boolean =>
  causesOf(error).some(({ code, originalCode }) => conflicts.has(code) || conflicts.has(originalCode));

/**
 * Makes a transaction that owns all it does again when it had to give way (L05), three times in all, each a little later
 * by chance: two that got in each other's way should not meet again.
 */
export const retryConflicts = async <T>(
  transaction: () => Promise<T>,
  gaveWay: (error: unknown) => boolean = isConflict,
): Promise<T> => {
  for (let attempt = 1; ; attempt++) {
    try {
      return await transaction();
    } catch (error) {
      if (attempt >= tries || !gaveWay(error)) throw error;
      await delay(Math.random() * longestPauseMs * attempt);
    }
  }
};
