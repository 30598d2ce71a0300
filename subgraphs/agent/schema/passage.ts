import { badInput, checkPage, requireActor, scopes } from '@parley/kernel/builder';
import { queryFromInfo } from '@pothos/plugin-prisma';
import { builder } from './builder.ts';
import { KnowledgeDocument } from './knowledgeDocument.ts';

const maxQuery = 8000;

type FoundPassage = { document: typeof KnowledgeDocument.$inferType; text: string; score: number };
const Passage = builder.objectRef<FoundPassage>('Passage').implement({
  fields: (t) => ({
    document: t.field({ type: KnowledgeDocument, resolve: ({ document }) => document }),
    text: t.exposeString('text'),
    score: t.exposeFloat('score', { description: 'BM25; comparable within one search only' }),
  }),
});

builder.queryField('searchKnowledge', (t) =>
  t.field({
    type: [Passage],
    nullable: true,
    description: 'Best first. null for a knowledge base that does not exist.',
    directives: { ...scopes('knowledge:read'), listSize: { slicingArguments: ['first'] } },
    args: {
      knowledgeBaseId: t.arg.id({ required: true }),
      query: t.arg.string({ required: true }),
      first: t.arg.int({ required: true, defaultValue: 5, description: 'at most 100' }),
    },
    resolve: async (_root, { knowledgeBaseId, query, first }, context, info) => {
      const { tenantId } = requireActor(context);
      checkPage({ first });
      if (query.length > maxQuery) throw badInput(`query must be at most ${maxQuery} characters.`);
      const found = await context.parts.knowledge.search(
        { client: context.db, tenantId, knowledgeBaseId },
        query,
        first,
      );
      if (found === null) return null;
      const { select } = queryFromInfo({
        context,
        info,
        typeName: 'KnowledgeDocument',
        path: ['document'],
        select: { tenantId: true, id: true },
      });
      const documents = await context.db.knowledgeDocument.findMany({
        select,
        where: { id: { in: found.map(({ documentId }) => documentId) } },
      });
      const byId = new Map(documents.map((document) => [document.id, document]));
      // A document removed since the search takes its passages with it.
      return found.flatMap(({ documentId, text, score }) => {
        const document = byId.get(documentId);
        return document === undefined ? [] : [{ document, text, score }];
      });
    },
  }),
);
