import type { IncomingMessage, ServerResponse } from 'node:http';
import path from 'node:path';
import type { EventBus } from '@parley/kernel/bus';
import { startConsumer } from '@parley/kernel/consumer';
import type { Pool } from '@parley/kernel/database';
import { openDeadLetters } from '@parley/kernel/deadLetters';
import { inProcessSubgraph } from '@parley/kernel/inProcessSubgraph';
import type { MasterKey } from '@parley/kernel/keyFile';
import type { Log } from '@parley/kernel/log';
import { startOutboxRelay } from '@parley/kernel/outboxRelay';
import type { PubSub } from '@parley/kernel/pubsub';
import type { Subgraph } from '@parley/kernel/subgraph';
import { salesTopic, salesUpcasters } from '@parley/sales/events';
import { onSalesEvent } from './application/onSalesEvent.ts';
import { turnsAtWork } from './application/turnsAtWork.ts';
import type { Voice } from './application/voice.ts';
import type { VoiceConfig } from './config.ts';
import { voiceTopic } from './events.ts';
import { audioHandler } from './infrastructure/audioHandler.ts';
import { audioLinks } from './infrastructure/audioLinks.ts';
import type { BlobStore } from './infrastructure/blobStore.ts';
import { createCompressor } from './infrastructure/compressedAudio.ts';
import { openVoiceDatabase, type VoiceDatabase } from './infrastructure/database.ts';
import { openBlobStore } from './infrastructure/openBlobStore.ts';
import { builtInSpeech } from './infrastructure/speech/builtInSpeech.ts';
import { rememberedSpeech, warmUp } from './infrastructure/speech/rememberedSpeech.ts';
import { SpeechClosed, type SpeechSynthesizer } from './infrastructure/speech/speechSynthesizer.ts';
import type { VoiceContext } from './schema/builder.ts';
import { schema } from './schema/index.ts';

export type VoiceOptions = {
  readonly pool: Pool;
  readonly bus: EventBus;
  readonly pubsub: PubSub;
  readonly masterKey: MasterKey;
  readonly log: Log;
  readonly clock: () => Date;
  readonly config: VoiceConfig;
  /** Where audio lies when not in S3; only we may read it. */
  readonly dataFolder: string;
  /** Where browsers reach `handleAudio`, e.g. `http://localhost:4000`. */
  readonly publicUrl: string;
  readonly subgraphs: { readonly sales: Subgraph };
  /** In place of the built-in ones. */
  readonly speech?: SpeechSynthesizer;
  readonly blobs?: BlobStore;
};
/** `handleAudio` answers requests below `/audio/`. `drained` waits for all events to be delivered. */
export type VoiceServer = {
  readonly subgraph: Subgraph;
  handleAudio(request: IncomingMessage, response: ServerResponse): Promise<void>;
  /** Throws away the audio of a tenant that is no more. */
  forgetAudio(tenantId: string): Promise<void>;
  drained(): Promise<void>;
  stop(): Promise<void>;
};

/** Some minutes of speech. */
const rememberedBytes = 16 * 2 ** 20;
const warmUpRounds = 6;

/** Resolves when the voice can speak: the first sentence of the first turn does not wait for an engine to start. */
export const startVoice = async (options: VoiceOptions): Promise<VoiceServer> => {
  const { pool, bus, pubsub, log, clock, config, dataFolder } = options;
  const signingKey = options.masterKey.derive('audio links');
  const blobs =
    options.blobs ?? (await openBlobStore({ s3: config.s3, dataFolder, baseUrl: options.publicUrl, signingKey, log }));
  const engine =
    options.speech ??
    (await builtInSpeech({
      processes: config.speechProcesses,
      cacheFolder: path.join(dataFolder, 'speech-cache'),
      onUnusable: (name, error) => log.error({ err: error, engine: name }, 'speech engine cannot be used'),
    }));
  if (options.speech === undefined) {
    warmUp(engine, warmUpRounds).catch((error: unknown) => {
      if (!(error instanceof SpeechClosed)) log.warn({ err: error }, 'speech could not be warmed up');
    });
  }
  const speech = rememberedSpeech(engine, rememberedBytes);
  const database = openVoiceDatabase(pool);
  const relay = startOutboxRelay({ pool, schema: 'voice', topic: voiceTopic, bus, log });
  const compressor = createCompressor();
  const voice: Voice = {
    database,
    pubsub,
    speech,
    blobs,
    links: audioLinks({ store: blobs, baseUrl: options.publicUrl, signingKey, expiresInMs: config.linkMs, clock }),
    sales: options.subgraphs.sales,
    turns: turnsAtWork(),
    clock,
    log,
    eventsCommitted: relay.wake,
  };
  await rehearse(database).catch((error: unknown) => log.warn({ err: error }, 'the database could not be warmed up'));
  const stopConsuming = await startConsumer({
    bus,
    group: 'voice',
    topic: salesTopic,
    react: (event) => onSalesEvent(voice, event),
    upcasters: salesUpcasters,
    letters: openDeadLetters(pool, 'voice'),
    log: log,
  });
  const subgraph = inProcessSubgraph<VoiceContext>({
    name: 'voice',
    schema,
    log,
    context: ({ actor, requestId, signal }) => ({
      actor,
      requestId,
      signal,
      voice,
      get db() {
        return database.forTenant(actor?.tenantId ?? '');
      },
    }),
  });
  return {
    subgraph,
    handleAudio: audioHandler({
      store: blobs,
      compressor,
      signingKey,
      now: clock,
      onError: (error) => log.error({ err: error }, 'audio could not be served'),
    }),
    forgetAudio: (tenantId) => blobs.deleteAll(tenantId),
    drained: relay.drained,
    stop: async () => {
      await stopConsuming();
      await relay.stop();
      await speech.close();
      await compressor.close();
      await database.close();
    },
  };
};

const nobody = '00000000-0000-7000-8000-000000000000';
/** Prisma loads and compiles on its first transaction: let that not be the first sentence of a conversation. */
const rehearse = async (database: VoiceDatabase): Promise<void> => {
  const client = database.forTenant(nobody);
  await client.$transaction((tx) =>
    tx.audioChunk.findUnique({ where: { tenantId_id: { tenantId: nobody, id: nobody } } }),
  );
};
