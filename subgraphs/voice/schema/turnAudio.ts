import { mayTouchConversation } from '@parley/kernel/actor';
import { requireActor } from '@parley/kernel/builder';
import { isUuid } from '@parley/kernel/database';
import { audioStatus, audioStatuses } from '../domain/turnAudio.ts';
import { toStored } from '../infrastructure/audioChunks.ts';
import { AudioChunk } from './audioChunk.ts';
import { builder } from './builder.ts';
import { Turn } from './turn.ts';

const AudioStatus = builder.enumType('AudioStatus', {
  description:
    'PENDING: more is to come. READY: all of it plays. PARTIAL: a part is missing, or the turn was cut short. UNAVAILABLE: there is no voice for it. FAILED: nothing could be made. The turn’s text stands in every case.',
  values: audioStatuses,
});

builder.prismaObject('TurnAudio', {
  include: { chunks: { orderBy: { sequence: 'asc' } } },
  fields: (t) => ({
    status: t.field({ type: AudioStatus, resolve: audioStatus }),
    durationMs: t.exposeInt('durationMs'),
    chunks: t.field({
      type: [AudioChunk],
      resolve: ({ chunks }) => chunks.filter(({ blobKey }) => blobKey !== null).map(toStored),
    }),
  }),
});

Turn.implement({
  fields: (t) => ({
    id: t.exposeID('id'),
    audio: t.prismaField({
      type: 'TurnAudio',
      nullable: true,
      description: 'from voice; null where there is none',
      resolve: async (query, { id }, _args, context) => {
        const actor = requireActor(context);
        const where = { tenantId_turnId: { tenantId: actor.tenantId, turnId: id } };
        const audio = await context.db.turnAudio.findUnique({ ...query, where });
        return audio !== null && mayTouchConversation(actor, audio.conversationId ?? '') ? audio : null;
      },
    }),
  }),
});
builder.asEntity(Turn, {
  key: builder.selection<{ id: string }>('id'),
  resolveReference: ({ id }, context) => {
    requireActor(context);
    return isUuid(id) ? { id } : null;
  },
});
