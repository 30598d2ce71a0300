import type { Log } from '@parley/kernel/log';
import type { PubSub } from '@parley/kernel/pubsub';
import type { Subgraph } from '@parley/kernel/subgraph';
import type { AudioLinks } from '../infrastructure/audioLinks.ts';
import type { BlobStore } from '../infrastructure/blobStore.ts';
import type { Client, Tx, VoiceDatabase } from '../infrastructure/database.ts';
import type { SpeechSynthesizer } from '../infrastructure/speech/speechSynthesizer.ts';
import type { TurnsAtWork } from './turnsAtWork.ts';

/** What the commands of voice work with; made once in server.ts. */
export type Voice = {
  readonly database: VoiceDatabase;
  readonly pubsub: PubSub;
  readonly speech: SpeechSynthesizer;
  readonly blobs: BlobStore;
  readonly links: AudioLinks;
  readonly sales: Subgraph;
  readonly turns: TurnsAtWork;
  readonly clock: () => Date;
  readonly log: Log;
  /** Events were committed: the relay may look. */
  readonly eventsCommitted: () => void;
};

const retryable = new Set(['P2034', '40001', '40P01']);

/** One transaction of one tenant. A deadlock or a lost race is tried again: nothing of it was recorded. */
export const transaction = async <T>(client: Client, work: (tx: Tx) => Promise<T>): Promise<T> => {
  for (let attempt = 1; ; attempt++) {
    try {
      return await client.$transaction(work, { maxWait: 5000, timeout: 15_000 });
    } catch (error) {
      if (attempt >= 3 || !retryable.has((error as { code?: string }).code ?? '')) throw error;
    }
  }
};
