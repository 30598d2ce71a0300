import { parentPort, workerData } from 'node:worker_threads';
import { openLink } from '../../test/testkit/faultyLink.ts';

const { port, roundTripMs } = workerData as { port: number; roundTripMs: number };
const link = await openLink(() => ({ port }));
link.set({ kind: 'slow', slowMs: roundTripMs / 2 });
parentPort?.postMessage(link.port);
