import { requireActor, resultTypeOf, scopes } from '@parley/kernel/builder';
import { page } from '@parley/kernel/costDirectives';
import { isUuid } from '@parley/kernel/database';
import { pageOf } from '@parley/kernel/page';
import { Refusal, refusalAsValue } from '@parley/kernel/refusal';
import { queryFromInfo } from '@pothos/plugin-prisma';
import { createKnowledgeBase } from '../application/createKnowledgeBase.ts';
import { builder } from './builder.ts';
import { KnowledgeDocument } from './knowledgeDocument.ts';

const KnowledgeDocumentConnection = builder.connectionObject(
  { type: KnowledgeDocument, name: 'KnowledgeDocumentConnection' },
  { name: 'KnowledgeDocumentEdge' },
);

export const KnowledgeBase = builder.prismaObject('KnowledgeBase', {
  select: { tenantId: true, id: true },
  fields: (t) => ({
    id: t.exposeID('id'),
    name: t.exposeString('name'),
    createdAt: t.expose('createdAt', { type: 'DateTime' }),
    documents: t.field({
      type: KnowledgeDocumentConnection,
      nullable: true,
      description: 'Newest first.',
      directives: { ...scopes('knowledge:read'), ...page },
      args: { first: t.arg.int({ required: true, defaultValue: 20 }), after: t.arg.string() },
      resolve: ({ id }, args, context, info) => {
        const { select } = queryFromInfo({
          context,
          info,
          typeName: 'KnowledgeDocument',
          paths: [['edges', 'node']],
          select: { tenantId: true, id: true },
        });
        return pageOf(args, ({ where, ...window }) =>
          context.db.knowledgeDocument.findMany({ select, ...window, where: { ...where, knowledgeBaseId: id } }),
        );
      },
    }),
  }),
});

builder.queryField('knowledgeBase', (t) =>
  t.prismaField({
    type: 'KnowledgeBase',
    nullable: true,
    directives: scopes('knowledge:read'),
    args: { id: t.arg.id({ required: true }) },
    resolve: async (query, _root, { id }, context) => {
      const { tenantId } = requireActor(context);
      return isUuid(id)
        ? context.db.knowledgeBase.findUnique({ ...query, where: { tenantId_id: { tenantId, id } } })
        : null;
    },
  }),
);

const KnowledgeBaseConnection = builder.connectionObject(
  { type: KnowledgeBase, name: 'KnowledgeBaseConnection' },
  { name: 'KnowledgeBaseEdge' },
);
builder.queryField('knowledgeBases', (t) =>
  t.field({
    type: KnowledgeBaseConnection,
    nullable: true,
    description: 'Newest first.',
    directives: { ...scopes('knowledge:read'), ...page },
    args: { first: t.arg.int({ required: true, defaultValue: 20 }), after: t.arg.string() },
    resolve: (_root, args, context, info) => {
      requireActor(context);
      const { select } = queryFromInfo({
        context,
        info,
        typeName: 'KnowledgeBase',
        paths: [['edges', 'node']],
        select: { tenantId: true, id: true },
      });
      return pageOf(args, (window) => context.db.knowledgeBase.findMany({ select, ...window }));
    },
  }),
);

const CreateKnowledgeBaseInput = builder.inputType('CreateKnowledgeBaseInput', {
  fields: (t) => ({ name: t.string({ required: true, description: '1 to 200 characters' }) }),
});
const CreateKnowledgeBaseSuccess = builder
  .objectRef<{ knowledgeBaseId: string }>('CreateKnowledgeBaseSuccess')
  .implement({
    fields: (t) => ({
      knowledgeBase: t.prismaField({
        type: 'KnowledgeBase',
        resolve: (query, { knowledgeBaseId: id }, _args, context) =>
          context.db.knowledgeBase.findUniqueOrThrow({
            ...query,
            where: { tenantId_id: { tenantId: requireActor(context).tenantId, id } },
          }),
      }),
    }),
  });
builder.mutationField('createKnowledgeBase', (t) =>
  t.field({
    type: builder.unionType('CreateKnowledgeBaseResult', {
      types: [CreateKnowledgeBaseSuccess, Refusal],
      resolveType: resultTypeOf('CreateKnowledgeBaseSuccess'),
    }),
    nullable: true,
    directives: scopes('knowledge:write'),
    args: { input: t.arg({ type: CreateKnowledgeBaseInput, required: true }) },
    resolve: (_root, { input }, context) =>
      refusalAsValue(async () => ({ knowledgeBaseId: await createKnowledgeBase(context.parts, context, input) })),
  }),
);
