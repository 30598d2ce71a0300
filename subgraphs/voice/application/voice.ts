import { retryConflicts } from '@parley/kernel/conflict';
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

/** One transaction of one tenant. A deadlock or a lost race is tried again: nothing of it was recorded. */
export const transaction = <T>(client: Client, work: (tx: Tx) => Promise<T>): Promise<T> =>
  retryConflicts(() => client.$transaction(work, { maxWait: 5000, timeout: 15_000 }));
