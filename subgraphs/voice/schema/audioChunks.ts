import { badInput, requireActor, scopes } from '@parley/kernel/builder';
import { decodeCursor } from '@parley/kernel/cursor';
import { resumableStream } from '@parley/kernel/resumableStream';
import { GraphQLError } from 'graphql';
import { audioChannel, audioStream, readAudioChunks, type StreamedChunk } from '../infrastructure/audioChunks.ts';
import { conversationExists } from '../infrastructure/salesConversations.ts';
import { AudioChunk } from './audioChunk.ts';
import { builder } from './builder.ts';

builder.subscriptionField('audioChunks', (t) =>
  t.field({
    type: AudioChunk,
    nullable: true,
    description:
      'The audio of a conversation, sentence by sentence, in order. Without `after`: from now on. With `after` (the cursor of a chunk): what was missed first, no gap, no double. Completes after the last chunk of an ENDED conversation. Errors: NOT_FOUND.',
    directives: scopes('conversations:read', 'visitor'),
    args: { conversationId: t.arg.id({ required: true }), after: t.arg.string() },
    subscribe: async (_root, { conversationId, after }, { voice, db, requestId, signal, actor: caller }) => {
      const actor = requireActor({ actor: caller, requestId, signal });
      const { tenantId } = actor;
      if (!(await conversationExists(voice.sales, actor, requestId, conversationId))) {
        throw new GraphQLError('There is no such conversation.', { extensions: { code: 'NOT_FOUND' } });
      }
      const given = after == null ? null : decodeCursor(audioStream(conversationId), after);
      const known = await db.conversationAudio.findUnique({
        where: { tenantId_conversationId: { tenantId, conversationId } },
      });
      const newest = known?.position ?? 0;
      if (given !== null && given > newest) throw badInput('after lies beyond the end of this stream.');
      return resumableStream<StreamedChunk>({
        after: given ?? newest,
        signal,
        read: (last) => readAudioChunks(db, tenantId, conversationId, last),
        listen: (onMessage) =>
          voice.pubsub.subscribe(audioChannel(tenantId, conversationId), (message) =>
            onMessage(message as StreamedChunk | null),
          ),
      });
    },
    resolve: (chunk) => chunk,
  }),
);
