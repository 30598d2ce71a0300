import { requireActor, resultTypeOf, scopes } from '@parley/kernel/builder';
import { cost } from '@parley/kernel/costDirectives';
import { Refusal, refusalAsValue } from '@parley/kernel/refusal';
import { type Synthesized, synthesize } from '../application/synthesize.ts';
import { AudioChunk } from './audioChunk.ts';
import { builder } from './builder.ts';

const Synthesis = builder.objectRef<Synthesized>('Synthesis').implement({
  fields: (t) => ({
    id: t.exposeID('id'),
    chunks: t.field({ type: [AudioChunk], resolve: ({ chunks }) => chunks.filter(({ blobKey }) => blobKey !== null) }),
  }),
});
const SynthesizeSuccess = builder.objectRef<{ synthesis: Synthesized }>('SynthesizeSuccess').implement({
  fields: (t) => ({ synthesis: t.expose('synthesis', { type: Synthesis }) }),
});
const SynthesizeInput = builder.inputType('SynthesizeInput', {
  fields: (t) => ({
    voiceId: t.id(),
    locale: t.string({ description: 'BCP 47' }),
    text: t.string({
      required: true,
      description: '1 to 8,000 bytes of UTF-8; no control characters but tab and line breaks',
    }),
  }),
});

builder.mutationField('synthesize', (t) =>
  t.field({
    type: builder.unionType('SynthesizeResult', {
      types: [SynthesizeSuccess, Refusal],
      resolveType: resultTypeOf('SynthesizeSuccess'),
    }),
    nullable: true,
    description: 'Speaks a text, outside a conversation.',
    directives: { ...scopes('voices:read'), ...cost(100) },
    args: { input: t.arg({ type: SynthesizeInput, required: true }) },
    resolve: (_root, { input: { text, voiceId, locale } }, context) =>
      refusalAsValue(async () => ({
        synthesis: await synthesize(context.voice, requireActor(context), {
          text,
          voiceId: voiceId ?? null,
          locale: locale ?? null,
        }),
      })),
  }),
);
