import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

/** A TCP link on loopback to a port that is `roundTripMs` away, kept by a thread of its own. */
export const openDistance = async (
  port: number,
  roundTripMs: number,
): Promise<{ port: number; close(): Promise<unknown> }> => {
  const worker = new Worker(new URL('./distanceWorker.ts', import.meta.url), { workerData: { port, roundTripMs } });
  const [opened] = (await once(worker, 'message')) as [number];
  return { port: opened, close: () => worker.terminate() };
};
