import { chooseVoice } from '../domain/voice.ts';
import type { AudioChunkStatus } from '../events.ts';
import {
  type Speech,
  SpeechClosed,
  type SpokenWord,
  VoiceUnavailable,
} from '../infrastructure/speech/speechSynthesizer.ts';
import { encodeWav } from '../infrastructure/wav.ts';
import type { Voice } from './voice.ts';

/** A sentence as audio in the store, or why there is none. The words' times are from its own start. */
export type Audio = {
  readonly status: AudioChunkStatus;
  readonly voiceId: string | null;
  readonly blobKey: string | null;
  readonly blobChecksum: string | null;
  readonly durationMs: number;
  readonly words: readonly SpokenWord[];
};

/** Stands in for a sentence that could not be spoken, so that a player has something to play and goes on. */
const silenceMs = 250;
const silenceRate = 22_050;
const silence = (ms: number): Speech => ({
  samples: new Int16Array(Math.round((silenceRate * ms) / 1_000)),
  sampleRate: silenceRate,
  durationMs: ms,
  words: [],
});

const noVoice: Audio = {
  status: 'UNAVAILABLE',
  voiceId: null,
  blobKey: null,
  blobChecksum: null,
  durationMs: 0,
  words: [],
};

/**
 * Speaks a sentence and stores the audio under `blobKey`. Rejects with the signal's reason, when we stop, and when it
 * cannot be stored: whoever asked asks again.
 */
export const makeAudio = async (
  voice: Voice,
  sentence: {
    text: string;
    voiceId: string | null;
    locale: string;
    priority: number;
    blobKey: string;
    signal?: AbortSignal;
  },
): Promise<Audio> => {
  const { text, locale, priority, blobKey, signal } = sentence;
  const chosen = chooseVoice(await voice.speech.voices(), sentence);
  if (chosen === null) return noVoice;
  let status: AudioChunkStatus = 'READY';
  let speech: Speech;
  try {
    speech = await voice.speech.synthesize(
      { text, voiceId: chosen.id, locale },
      signal ? { priority, signal } : { priority },
    );
    // A text with nothing to say in it ("…") is no failure; an empty file would not play.
    if (speech.samples.length === 0) speech = silence(silenceMs);
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    if (error instanceof SpeechClosed) throw error;
    if (error instanceof VoiceUnavailable) return noVoice;
    voice.log.error({ err: error, voiceId: chosen.id, blobKey }, 'a sentence could not be spoken; its text stands');
    status = 'FAILED';
    speech = silence(silenceMs);
  }
  const { checksum } = await voice.blobs.put(blobKey, encodeWav(speech), { contentType: 'audio/wav' });
  const { durationMs, words } = speech;
  return { status, voiceId: chosen.id, blobKey, blobChecksum: checksum, durationMs, words };
};
