import { EventEmitter } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

/** The sentences that this process is making, by turn: who waits for whom, and what a barge-in stops. */
export type TurnsAtWork = {
  /** The same sentence asked for twice at once is made once. */
  once<T>(turnId: string, sequence: number, work: (signal: AbortSignal) => Promise<T>): Promise<T>;
  /** Is an earlier sentence of the turn being made here? */
  hasEarlier(turnId: string, sequence: number): boolean;
  /** Resolves when something of the turn was stored here, at the latest after `ms`. */
  progress(turnId: string, ms: number): Promise<void>;
  stored(turnId: string): void;
  /** Aborts what is being made for the turn, with this reason. */
  cut(turnId: string, reason: unknown): void;
};

export const turnsAtWork = (): TurnsAtWork => {
  const turns = new Map<string, Map<number, { work: Promise<unknown>; stop: AbortController }>>();
  const progress = new EventEmitter().setMaxListeners(0);
  return {
    once<T>(turnId: string, sequence: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
      const sentences = turns.get(turnId) ?? new Map();
      turns.set(turnId, sentences);
      const running = sentences.get(sequence);
      if (running) return running.work as Promise<T>;
      const stop = new AbortController();
      const started = work(stop.signal).finally(() => {
        sentences.delete(sequence);
        if (sentences.size === 0 && turns.get(turnId) === sentences) turns.delete(turnId);
        progress.emit(turnId);
      });
      sentences.set(sequence, { work: started, stop });
      return started;
    },
    hasEarlier: (turnId, sequence) => [...(turns.get(turnId)?.keys() ?? [])].some((other) => other < sequence),
    async progress(turnId, ms) {
      const stop = new AbortController();
      await new Promise<void>((resolve) => {
        progress.once(turnId, resolve);
        sleep(ms, undefined, { signal: stop.signal }).then(resolve, () => {});
        stop.signal.addEventListener('abort', () => progress.off(turnId, resolve));
      }).finally(() => stop.abort());
    },
    stored: (turnId) => void progress.emit(turnId),
    cut: (turnId, reason) => {
      for (const { stop } of turns.get(turnId)?.values() ?? []) stop.abort(reason);
    },
  };
};
