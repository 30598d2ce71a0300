import type { Actor } from '@parley/kernel/actor';
import { uuidv7 } from '@parley/kernel/id';
import {
  appendTurnChunk,
  audioChannel,
  findTurnChunk,
  lockTurnAudio,
  lookUpSentence,
  type StoredChunk,
} from '../infrastructure/audioChunks.ts';
import { type Audio, makeAudio } from './makeAudio.ts';
import type { Voice } from './voice.ts';

export type SpeakSentence = {
  readonly conversationId: string;
  readonly turnId: string;
  /** 1, 2, 3 … in its turn */
  readonly sequence: number;
  readonly text: string;
  readonly voiceId: string | null;
  readonly locale: string;
  readonly isFinal: boolean;
};
/** CUT: the turn was cut short before this sentence, which is not made. */
export type SpokenSentence = { readonly kind: 'CHUNK'; readonly chunk: StoredChunk } | { readonly kind: 'CUT' };

const cutShort: SpokenSentence = { kind: 'CUT' };
/** How long an earlier sentence is waited for: long while it is being made here, short when nobody seems to. */
const patienceMs = { madeHere: 30_000, elsewhere: 3_000 };

/**
 * Makes one sentence of a turn audio, stores it behind the sentences before it, and publishes it. Asked again for the
 * same (turn, sequence) it answers with what is there: audio is delivered once. Sentences may be asked for all at once.
 */
export const speakSentence = (voice: Voice, actor: Actor, sentence: SpeakSentence): Promise<SpokenSentence> =>
  voice.turns.once(`${actor.tenantId} ${sentence.turnId}`, sentence.sequence, async (signal) => {
    const { tenantId } = actor;
    const { conversationId, turnId, sequence } = sentence;
    const known = await findSentence(voice, tenantId, turnId, sequence);
    if (known !== null) return known;
    const id = uuidv7();
    let audio: Audio;
    try {
      audio = await makeAudio(voice, {
        ...sentence,
        priority: Math.min(sequence, 50) - 1,
        blobKey: `${tenantId}/conversations/${conversationId}/${id}.wav`,
        signal,
      });
    } catch (error) {
      if (signal.aborted) return cutShort;
      throw error;
    }
    // When storing fails the audio stays: whether its row was committed is not known, and a row without audio is worse.
    const stored = await store(voice, actor, sentence, id, audio);
    const used = stored.kind === 'CHUNK' && stored.chunk.id === id;
    if (!used && audio.blobKey !== null)
      await voice.blobs.delete(audio.blobKey).catch((error: unknown) => {
        voice.log.warn({ err: error, blobKey: audio.blobKey }, 'audio that nobody needs stays until it is reconciled');
      });
    return stored;
  });

const findSentence = async (
  voice: Voice,
  tenantId: string,
  turnId: string,
  sequence: number,
): Promise<SpokenSentence | null> => {
  const { chunk, isCut } = await lookUpSentence(voice.database.sql(tenantId), turnId, sequence);
  if (chunk !== null) return { kind: 'CHUNK', chunk };
  return isCut ? cutShort : null;
};

/** Waits for the sentences before this one, then appends it. */
const store = async (
  voice: Voice,
  actor: Actor,
  sentence: SpeakSentence,
  id: string,
  audio: Audio,
): Promise<SpokenSentence> => {
  const { tenantId } = actor;
  const key = `${tenantId} ${sentence.turnId}`;
  for (const since = performance.now(); ; ) {
    const patience = voice.turns.hasEarlier(key, sentence.sequence) ? patienceMs.madeHere : patienceMs.elsewhere;
    // Given up on: what comes now is better than nothing, and a missing sentence shows as a gap in `sequence`.
    const gapAllowed = performance.now() - since > patience;
    const appended = await append(voice, actor, sentence, id, audio, gapAllowed);
    if (appended === 'EARLIER_MISSING') {
      await voice.turns.progress(key, 100);
      continue;
    }
    voice.turns.stored(key);
    if (appended.kind === 'CHUNK' && appended.chunk.id === id) {
      voice.eventsCommitted();
      if (appended.chunk.position !== null) {
        await voice.pubsub
          .publish(audioChannel(tenantId, sentence.conversationId), appended.chunk)
          .catch((error: unknown) => {
            voice.log.warn({ err: error, chunkId: id }, 'audio was stored but not announced; subscribers will find it');
          });
      }
    }
    return appended;
  }
};

const append = (
  voice: Voice,
  actor: Actor,
  { conversationId, turnId, sequence, text, locale, isFinal }: SpeakSentence,
  id: string,
  { status, voiceId, blobKey, blobChecksum, durationMs, words }: Audio,
  gapAllowed: boolean,
): Promise<SpokenSentence | 'EARLIER_MISSING'> =>
  voice.database.sql(actor.tenantId).transaction(async (tx) => {
    const held = await lockTurnAudio(tx, conversationId, turnId);
    if (sequence <= held.lastSequence) {
      const existing = await findTurnChunk(tx, turnId, sequence);
      // Its place has been given up: later sentences have been heard.
      return existing === null ? cutShort : { kind: 'CHUNK', chunk: existing };
    }
    if (held.cutAtMs !== null) return cutShort;
    if (sequence > held.lastSequence + 1 && !gapAllowed) return 'EARLIER_MISSING';
    const chunk = await appendTurnChunk(
      tx,
      actor.tenantId,
      held,
      {
        id,
        conversationId,
        turnId,
        sequence,
        status,
        text,
        voiceId,
        locale,
        blobKey,
        blobChecksum,
        durationMs,
        words,
        isFinal,
        createdAt: voice.clock(),
      },
      ({ position, startMs }) => ({
        type: 'voice.AudioChunkSynthesized',
        data: {
          conversationId,
          turnId,
          chunkId: id,
          sequence,
          position,
          status,
          startMs,
          durationMs,
          isFinal,
          voiceId,
          locale,
        },
      }),
      actor,
    );
    return { kind: 'CHUNK', chunk };
  });
