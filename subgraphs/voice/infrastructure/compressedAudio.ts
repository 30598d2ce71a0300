import { Worker } from 'node:worker_threads';
import type { CompressAnswer, CompressJob } from './compressedAudioWorker.ts';

/** Makes the MP3 of a WAV file. */
export type Compressor = { compress(wav: Uint8Array): Promise<Uint8Array>; close(): Promise<void> };

/** Encodes in a worker thread that is started when first needed and ended when it has been idle. */
export const createCompressor = (options: { idleMs?: number } = {}): Compressor => {
  const waiting = new Map<number, { resolve(mp3: Uint8Array): void; reject(error: Error): void }>();
  let worker: Worker | null = null;
  let idle: NodeJS.Timeout | undefined;
  let ids = 0;

  const end = (error: Error): void => {
    worker = null;
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
  };
  const start = (): Worker => {
    const started = new Worker(new URL('./compressedAudioWorker.ts', import.meta.url), {
      resourceLimits: { maxOldGenerationSizeMb: 64 },
    });
    started.on('message', (answer: CompressAnswer) => {
      const job = waiting.get(answer.id);
      waiting.delete(answer.id);
      if ('mp3' in answer) job?.resolve(answer.mp3);
      else job?.reject(new Error(answer.error));
      if (waiting.size > 0) return;
      started.unref();
      idle = setTimeout(() => void started.terminate(), options.idleMs ?? 30_000);
      idle.unref();
    });
    started.on('error', (error) => {
      if (worker === started) end(error as Error);
    });
    started.on('exit', () => {
      if (worker === started) end(new Error('the encoder stopped'));
    });
    return started;
  };

  return {
    compress: (wav) =>
      new Promise((resolve, reject) => {
        clearTimeout(idle);
        worker ??= start();
        worker.ref();
        const id = ++ids;
        waiting.set(id, { resolve, reject });
        worker.postMessage({ id, wav } satisfies CompressJob);
      }),
    close: async () => {
      clearTimeout(idle);
      await worker?.terminate();
    },
  };
};
