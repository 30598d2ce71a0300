import { badInput } from '@parley/kernel/builder';
import { isUuid } from '@parley/kernel/database';
import { cutTurnAudio } from '../application/cutTurnAudio.ts';
import { type SpokenSentence, speakSentence } from '../application/speakSentence.ts';
import { speechTextProblem } from '../domain/speechText.ts';
import { spokenText } from '../domain/spokenText.ts';
import { isLocale } from '../domain/voice.ts';
import type { TurnAudio } from '../generated/prisma/client.ts';
import { toStored } from '../infrastructure/audioChunks.ts';
import { builder, requireService } from './builder.ts';

/** What sales asks of voice. None of it is in the public schema. */
const internal = { inaccessible: true } as const;

const SentenceStatus = builder.enumType('SentenceStatus', {
  ...internal,
  values: ['READY', 'FAILED', 'UNAVAILABLE', 'CUT'] as const,
});
const SentenceWord = builder.objectRef<{ text: string; startMs: number; endMs: number }>('SentenceWord').implement({
  ...internal,
  fields: (t) => ({ text: t.exposeString('text'), startMs: t.exposeInt('startMs'), endMs: t.exposeInt('endMs') }),
});

const chunkOf = (spoken: SpokenSentence) => (spoken.kind === 'CHUNK' ? spoken.chunk : null);
const SpokenSentenceRef = builder.objectRef<SpokenSentence>('SpokenSentence').implement({
  ...internal,
  fields: (t) => ({
    chunkId: t.id({ nullable: true, resolve: (spoken) => chunkOf(spoken)?.id ?? null }),
    status: t.field({ type: SentenceStatus, resolve: (spoken) => chunkOf(spoken)?.status ?? 'CUT' }),
    startMs: t.int({ resolve: (spoken) => chunkOf(spoken)?.startMs ?? 0 }),
    durationMs: t.int({ resolve: (spoken) => chunkOf(spoken)?.durationMs ?? 0 }),
    words: t.field({ type: [SentenceWord], resolve: (spoken) => chunkOf(spoken)?.words ?? [] }),
  }),
});
const SpeakSentenceInput = builder.inputType('SpeakSentenceInput', {
  ...internal,
  fields: (t) => ({
    conversationId: t.id({ required: true }),
    turnId: t.id({ required: true }),
    sequence: t.int({ required: true }),
    text: t.string({ required: true }),
    voiceId: t.id(),
    locale: t.string({ required: true }),
    isFinal: t.boolean({ required: true }),
  }),
});

builder.mutationField('speakSentence', (t) =>
  t.field({
    ...internal,
    type: SpokenSentenceRef,
    nullable: true,
    description: 'Makes one sentence of a turn audio; the same (turnId, sequence) again gives what is there.',
    args: { input: t.arg({ type: SpeakSentenceInput, required: true }) },
    resolve: (_root, { input }, context) => {
      const actor = requireService(context);
      if (!isUuid(input.conversationId) || !isUuid(input.turnId))
        throw badInput('conversationId and turnId must be ids.');
      if (input.sequence < 1) throw badInput('sequence counts from 1.');
      if (!isLocale(input.locale)) throw badInput('locale is not a BCP 47 language tag.');
      const problem = speechTextProblem(input.text);
      if (problem !== null) throw badInput(`text ${problem}.`);
      return speakSentence(context.voice, actor, { ...input, voiceId: input.voiceId ?? null });
    },
  }),
);

const CutTurnAudio = builder
  .objectRef<{ spokenText: string; playedMs: number; durationMs: number }>('CutTurnAudio')
  .implement({
    ...internal,
    fields: (t) => ({
      spokenText: t.exposeString('spokenText', { description: 'the words that were heard' }),
      playedMs: t.exposeInt('playedMs'),
      durationMs: t.exposeInt('durationMs', { description: 'all audio that was made' }),
    }),
  });
builder.mutationField('cutTurnAudio', (t) =>
  t.field({
    ...internal,
    type: CutTurnAudio,
    nullable: true,
    description: 'Barge-in: nothing more is said in this turn. Again, it answers as the first time.',
    args: { turnId: t.arg.id({ required: true }), playedMs: t.arg.int({ required: true }) },
    resolve: (_root, { turnId, playedMs }, context) => {
      const actor = requireService(context);
      if (!isUuid(turnId)) throw badInput('turnId must be an id.');
      return cutTurnAudio(context.voice, actor, turnId, playedMs);
    },
  }),
);

const TurnAudioTiming = builder.objectRef<TurnAudio>('TurnAudioTiming').implement({
  ...internal,
  fields: (t) => ({
    durationMs: t.exposeInt('durationMs'),
    firstChunkAt: t.expose('firstChunkAt', { type: 'DateTime', nullable: true }),
    isComplete: t.exposeBoolean('complete', { description: 'its last sentence is there' }),
    cutAtMs: t.exposeInt('cutAtMs', { nullable: true }),
    spokenText: t.string({
      description: 'what was heard when this much was played',
      args: { playedMs: t.arg.int({ required: true }) },
      resolve: async ({ turnId }, { playedMs }, { db }) => {
        const chunks = await db.audioChunk.findMany({
          where: { turnId, status: 'READY' },
          orderBy: { sequence: 'asc' },
        });
        return spokenText(chunks.map(toStored), Math.max(0, playedMs));
      },
    }),
  }),
});
builder.queryField('turnAudioTiming', (t) =>
  t.field({
    ...internal,
    type: TurnAudioTiming,
    nullable: true,
    args: { turnId: t.arg.id({ required: true }) },
    resolve: async (_root, { turnId }, context) => {
      const { tenantId } = requireService(context);
      return isUuid(turnId)
        ? context.db.turnAudio.findUnique({ where: { tenantId_turnId: { tenantId, turnId } } })
        : null;
    },
  }),
);
