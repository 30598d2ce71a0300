import type { Actor } from '@parley/kernel/actor';
import { ServiceError } from '@parley/kernel/serviceError';
import type { Subgraph } from '@parley/kernel/subgraph';
import type { TurnAudioTiming } from '../domain/interruption.ts';

/** One finished sentence of a turn, to be spoken. `sequence` 1, 2, 3 … in its turn. */
export type Sentence = {
  readonly conversationId: string;
  readonly turnId: string;
  readonly sequence: number;
  readonly text: string;
  readonly voiceId: string | null;
  readonly locale: string;
  readonly isFinal: boolean;
};

/** Whoever has not answered by then may be gone without a word; what is asked again is made once. */
const answerMs = 20_000;

const call = async <T>(
  voice: Subgraph,
  actor: Actor,
  query: string,
  variables: Record<string, unknown>,
): Promise<T> => {
  const answer = await voice.execute({
    query,
    variables,
    actor,
    requestId: String(variables['turnId'] ?? ''),
    signal: AbortSignal.timeout(answerMs),
  });
  if (answer.errors?.length || !answer.data) throw new ServiceError('voice', answer);
  return answer.data as T;
};

const speak = `mutation Speak($input: SpeakSentenceInput!) { speakSentence(input: $input) { durationMs status } }`;
/** Has voice say it: the chunk is stored and published by voice. @returns milliseconds of audio; 0 where it could not be made */
export const speakSentence = async (
  voice: Subgraph,
  actor: Actor,
  sentence: Sentence,
): Promise<{ durationMs: number; status: string }> => {
  const { speakSentence } = await call<{ speakSentence: { durationMs: number; status: string } | null }>(
    voice,
    actor,
    speak,
    { input: sentence },
  );
  return speakSentence ?? { durationMs: 0, status: 'FAILED' };
};

const timing = `query Timing($turnId: ID!, $playedMs: Int!) {
  turnAudioTiming(turnId: $turnId) { durationMs firstChunkAt spokenText(playedMs: $playedMs) }
}`;
type Timing = { durationMs: number; firstChunkAt: string | Date | null; spokenText: string };
/** What there is of a turn's audio, and the words that were heard when `playedMs` of it were played. */
export const turnAudioTiming = async (
  voice: Subgraph,
  actor: Actor,
  input: { turnId: string; playedMs: number },
): Promise<TurnAudioTiming & { spokenText: string }> => {
  const { turnAudioTiming } = await call<{ turnAudioTiming: Timing | null }>(voice, actor, timing, input);
  if (!turnAudioTiming) return { durationMs: 0, firstChunkAt: null, spokenText: '' };
  const { firstChunkAt } = turnAudioTiming;
  return { ...turnAudioTiming, firstChunkAt: firstChunkAt === null ? null : new Date(firstChunkAt) };
};

const cut = `mutation Cut($turnId: ID!, $playedMs: Int!) { cutTurnAudio(turnId: $turnId, playedMs: $playedMs) { spokenText } }`;
/** No further audio for this turn. */
export const cutTurnAudio = async (
  voice: Subgraph,
  actor: Actor,
  input: { turnId: string; playedMs: number },
): Promise<void> => {
  await call(voice, actor, cut, input);
};
