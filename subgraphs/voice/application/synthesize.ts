import type { Actor } from '@parley/kernel/actor';
import { appendEvents } from '@parley/kernel/eventStore';
import { uuidv7 } from '@parley/kernel/id';
import { Refusal, type RefusalIssue } from '@parley/kernel/refusal';
import { splitSentences } from '@parley/kernel/sentences';
import { joinSentences, speechTextProblem } from '../domain/speechText.ts';
import { chooseVoice, isLocale, type Voice as SpeechVoice, voicesOf } from '../domain/voice.ts';
import type { VoiceEvent } from '../events.ts';
import { insertSynthesis, type StoredChunk } from '../infrastructure/audioChunks.ts';
import { SpeechFailed } from '../infrastructure/speech/speechSynthesizer.ts';
import { makeAudio } from './makeAudio.ts';
import { transaction, type Voice } from './voice.ts';

export type Synthesize = { readonly text: string; readonly voiceId: string | null; readonly locale: string | null };
export type Synthesized = { readonly id: string; readonly chunks: readonly StoredChunk[] };

const mostChunks = 64;
/** Behind every sentence of a conversation: there somebody is waiting. */
const priority = 100;

/** Speaks a text outside a conversation. @throws Refusal INVALID_INPUT */
export const synthesize = async (voice: Voice, actor: Actor, input: Synthesize): Promise<Synthesized> => {
  const { id: voiceId, locale } = checkInput(await voice.speech.voices(), input);
  const { tenantId } = actor;
  const id = uuidv7();
  const sentences = joinSentences(splitSentences(input.text), mostChunks);
  const made = await Promise.allSettled(
    sentences.map(async (text, at) => {
      const chunkId = uuidv7();
      const blobKey = `${tenantId}/syntheses/${id}/${chunkId}.wav`;
      const audio = await makeAudio(voice, { text, voiceId, locale, priority: priority + at, blobKey });
      return { id: chunkId, text, locale, sequence: at + 1, isFinal: at === sentences.length - 1, ...audio };
    }),
  );
  const audios = made.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  const failure = made.find((result) => result.status === 'rejected');
  if (failure || !audios.some(({ status }) => status === 'READY')) {
    await Promise.allSettled(audios.map(({ blobKey }) => blobKey !== null && voice.blobs.delete(blobKey)));
    throw failure?.reason ?? new SpeechFailed('no sentence could be spoken');
  }
  const now = voice.clock();
  const durationMs = audios.reduce((sum, audio) => sum + audio.durationMs, 0);
  // When this fails the audio stays: whether the rows were committed is not known, and rows without audio are worse.
  const chunks = await transaction(voice.database.forTenant(tenantId), async (tx) => {
    const stored = await insertSynthesis(
      tx,
      tenantId,
      { id, voiceId, locale, createdAt: now },
      audios.map((audio) => ({ ...audio, createdAt: now })),
    );
    const event: VoiceEvent = {
      type: 'voice.SpeechSynthesized',
      data: { synthesisId: id, chunkCount: stored.length, durationMs, voiceId, locale },
    };
    await appendEvents(tx, 'voice', [{ aggregateId: id, event }], { actor, now });
    return stored;
  });
  voice.eventsCommitted();
  return { id, chunks };
};

const checkInput = (voices: readonly SpeechVoice[], { text, voiceId, locale }: Synthesize): SpeechVoice => {
  const issues: RefusalIssue[] = [];
  const problem = speechTextProblem(text);
  if (problem !== null) issues.push({ path: ['text'], message: problem });
  const named = voiceId === null ? null : (voices.find(({ id }) => id === voiceId) ?? null);
  if (voiceId !== null && named === null) issues.push({ path: ['voiceId'], message: 'names no voice' });
  const found = locale === null ? null : isLocale(locale) ? chooseVoice(voices, { voiceId, locale }) : null;
  if (locale !== null && found === null) issues.push({ path: ['locale'], message: 'no voice speaks it' });
  if (named && found && named !== found) issues.push({ path: ['locale'], message: `the voice speaks ${named.locale}` });
  const chosen = named ?? found ?? voicesOf(voices, 'en')[0] ?? voices[0];
  if (chosen === undefined && issues.length === 0)
    issues.push({ path: ['voiceId'], message: 'there is no voice on this installation' });
  if (issues.length > 0 || chosen === undefined) {
    const [first] = issues;
    throw new Refusal('INVALID_INPUT', `${first?.path.join('.')} ${first?.message}.`, { issues });
  }
  return chosen;
};
