/** Makes MP3s of WAV files, one after the other, off the main thread. */
import { parentPort } from 'node:worker_threads';
import { encodeMp3 } from './mp3.ts';
import { decodeWav } from './wav.ts';

export type CompressJob = { readonly id: number; readonly wav: Uint8Array };
export type CompressAnswer =
  | { readonly id: number; readonly mp3: Uint8Array }
  | { readonly id: number; readonly error: string };

let before: Promise<void> = Promise.resolve();
parentPort?.on('message', ({ id, wav }: CompressJob) => {
  before = before.then(async () => {
    try {
      parentPort?.postMessage({ id, mp3: await encodeMp3(decodeWav(wav)) } satisfies CompressAnswer);
    } catch (error) {
      parentPort?.postMessage({ id, error: (error as Error).message } satisfies CompressAnswer);
    }
  });
});
