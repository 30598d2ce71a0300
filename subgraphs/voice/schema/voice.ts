import { badInput, checkPage, scopes } from '@parley/kernel/builder';
import { keepFor, keepWithParent } from '@parley/kernel/cacheDirectives';
import { page } from '@parley/kernel/costDirectives';
import { decodeCursor, encodeCursor } from '@parley/kernel/cursor';
import { isLocale, type Voice as VoiceShape, voicesOf } from '../domain/voice.ts';
import { builder } from './builder.ts';

export const Voice = builder.objectRef<VoiceShape>('Voice').implement({
  directives: keepWithParent,
  fields: (t) => ({
    id: t.exposeID('id'),
    name: t.exposeString('name'),
    locale: t.exposeString('locale', { description: 'BCP 47' }),
  }),
});
builder.asEntity(Voice, {
  key: builder.selection<{ id: string }>('id'),
  resolveReference: async ({ id }, { voice }) => (await voice.speech.voices()).find((other) => other.id === id) ?? null,
});

type Edge = { cursor: string; node: VoiceShape };
type Connection = {
  edges: Edge[];
  pageInfo: { hasNextPage: boolean; hasPreviousPage: boolean; startCursor: string | null; endCursor: string | null };
};

const VoiceEdge = builder.objectRef<Edge>('VoiceEdge').implement({
  directives: keepWithParent,
  fields: (t) => ({ cursor: t.exposeString('cursor'), node: t.expose('node', { type: Voice }) }),
});
const VoiceConnection = builder.objectRef<Connection>('VoiceConnection').implement({
  fields: (t) => ({
    edges: t.expose('edges', { type: [VoiceEdge] }),
    pageInfo: t.field({ type: builder.pageInfoRef(), directives: keepWithParent, resolve: ({ pageInfo }) => pageInfo }),
  }),
});

builder.queryField('voices', (t) =>
  t.field({
    type: VoiceConnection,
    nullable: true,
    // Voices come and go with the engine that speaks, not with what anybody does here.
    directives: { ...scopes('voices:read'), ...page, ...keepFor(60) },
    args: {
      locale: t.arg.string({ description: 'BCP 47; `es` means every kind of Spanish' }),
      first: t.arg.int({ required: true, defaultValue: 20 }),
      after: t.arg.string(),
    },
    resolve: async (_root, { locale, first, after }, { voice }) => {
      checkPage({ first });
      if (locale != null && !isLocale(locale)) throw badInput('locale is not a BCP 47 language tag.');
      const stream = `voices:${locale?.toLowerCase() ?? ''}`;
      const start = after == null ? 0 : decodeCursor(stream, after);
      const found = voicesOf(await voice.speech.voices(), locale ?? null);
      const edges = found
        .slice(start, start + first)
        .map((node, at) => ({ node, cursor: encodeCursor(stream, start + at + 1) }));
      return {
        edges,
        pageInfo: {
          hasNextPage: start + edges.length < found.length,
          hasPreviousPage: start > 0,
          startCursor: edges[0]?.cursor ?? null,
          endCursor: edges.at(-1)?.cursor ?? null,
        },
      };
    },
  }),
);
