import { mayTouchConversation } from '@parley/kernel/actor';
import { requireActor } from '@parley/kernel/builder';
import { cost } from '@parley/kernel/costDirectives';
import { encodeCursor } from '@parley/kernel/cursor';
import { isUuid } from '@parley/kernel/database';
import { audioStream, type StoredChunk, toStored } from '../infrastructure/audioChunks.ts';
import { builder } from './builder.ts';
import { Turn } from './turn.ts';

export const AudioFormat = builder.enumType('AudioFormat', { values: ['WAV', 'MP3'] as const });
const mimeTypes = { WAV: 'audio/wav', MP3: 'audio/mpeg' } as const;

export const ChunkStatus = builder.enumType('AudioChunkStatus', {
  values: {
    READY: { description: 'it plays' },
    FAILED: { description: 'it could not be made; a moment of silence stands in for it, and the text stands' },
  } as const,
});

const SpokenWord = builder.objectRef<{ text: string; startMs: number; endMs: number }>('SpokenWord').implement({
  // They come with their chunk.
  directives: cost(0),
  fields: (t) => ({ text: t.exposeString('text'), startMs: t.exposeInt('startMs'), endMs: t.exposeInt('endMs') }),
});

export const AudioChunk = builder.objectRef<StoredChunk>('AudioChunk');
AudioChunk.implement({
  fields: (t) => ({
    id: t.exposeID('id'),
    cursor: t.string({
      nullable: true,
      description: 'null outside a conversation',
      resolve: ({ conversationId, position }) =>
        conversationId === null || position === null ? null : encodeCursor(audioStream(conversationId), position),
    }),
    turn: t.field({ type: Turn, nullable: true, resolve: ({ turnId }) => (turnId === null ? null : { id: turnId }) }),
    sequence: t.exposeInt('sequence', { description: '1, 2, 3 … in its turn or synthesis' }),
    status: t.field({ type: ChunkStatus, resolve: ({ status }) => (status === 'READY' ? 'READY' : 'FAILED') }),
    url: t.field({
      type: 'URL',
      description: 'signed, expiring; a plain GET of it plays in a browser',
      args: { format: t.arg({ type: AudioFormat, required: true, defaultValue: 'WAV' }) },
      resolve: ({ blobKey }, { format }, context) => {
        if (blobKey === null) throw new Error('a chunk without audio has no link');
        return context.voice.links.linkTo(requireActor(context).tenantId, blobKey, format);
      },
    }),
    mimeType: t.string({
      args: { format: t.arg({ type: AudioFormat, required: true, defaultValue: 'WAV' }) },
      resolve: (_chunk, { format }) => mimeTypes[format],
    }),
    durationMs: t.exposeInt('durationMs'),
    startMs: t.exposeInt('startMs', { description: "within its turn or synthesis, as are the words'" }),
    text: t.exposeString('text'),
    words: t.field({ type: [SpokenWord], resolve: ({ words }) => words }),
    isFinal: t.exposeBoolean('isFinal', { description: 'last of its turn or synthesis' }),
  }),
});
builder.asEntity(AudioChunk, {
  key: builder.selection<{ id: string }>('id'),
  resolveReference: async ({ id }, context) => {
    const actor = requireActor(context);
    if (!isUuid(id)) return null;
    const row = await context.db.audioChunk.findUnique({ where: { tenantId_id: { tenantId: actor.tenantId, id } } });
    if (row === null || row.blobKey === null || !mayTouchConversation(actor, row.conversationId ?? '')) return null;
    return toStored(row);
  },
});
