/**
 * Live delivery, at most once: the store is the truth, a message only makes it arrive sooner. Two implementations:
 * memory (one process) and Redis. `subscribe` resolves once the listener is attached, or will be without being waited for;
 * what it resolves to frees it. A listener that is told `null` may have missed something, and looks at the store.
 */
export type PubSub = {
  publish(channel: string, message: unknown): Promise<void>;
  subscribe(channel: string, listener: (message: unknown) => void): Promise<() => Promise<void>>;
  close(): Promise<void>;
};
