import type { ChildAnswer, ChildRequest } from './processPool.ts';

/** True once the process that started us is gone; read during long work, where no event can reach us. */
const startedBy = process.ppid;
export const orphaned = (): boolean => process.ppid !== startedBy;

/** The child's side of `processPool.ts`: answers one request after the other, and ends when its parent does. */
export const answerParent = <Payload, Result>(work: (payload: Payload) => Result | Promise<Result>): void => {
  const send = (answer: ChildAnswer<Result>): void => {
    process.send?.(answer, undefined, undefined, (error) => {
      if (error) process.exit(1);
    });
  };
  process.on('disconnect', () => process.exit(0));
  // A terminal's ^C reaches the whole group: the parent decides when we end, so that it can drain first.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => {});
  process.on('message', async ({ id, payload }: ChildRequest<Payload>) => {
    try {
      send({ id, result: await work(payload) });
    } catch (error) {
      send({ id, error: error instanceof Error ? error.message : String(error) });
    }
  });
  if (!process.connected) process.exit(0);
  send({ ready: true });
};
