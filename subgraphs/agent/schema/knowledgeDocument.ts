import { requireActor, resultTypeOf, scopes } from '@parley/kernel/builder';
import { Refusal, refusalAsValue } from '@parley/kernel/refusal';
import { addKnowledgeDocument } from '../application/addKnowledgeDocument.ts';
import { removeKnowledgeDocument } from '../application/removeKnowledgeDocument.ts';
import { builder } from './builder.ts';

export const KnowledgeDocument = builder.prismaObject('KnowledgeDocument', {
  select: { tenantId: true, id: true },
  fields: (t) => ({
    id: t.exposeID('id'),
    title: t.exposeString('title'),
    text: t.exposeString('text', { directives: scopes('knowledge:read') }),
    language: t.exposeString('language', { description: 'what it is indexed as: en or es' }),
    bytes: t.exposeInt('bytes', { description: 'of its text, in UTF-8' }),
    createdAt: t.expose('createdAt', { type: 'DateTime' }),
  }),
});

const AddKnowledgeDocumentInput = builder.inputType('AddKnowledgeDocumentInput', {
  fields: (t) => ({
    knowledgeBaseId: t.id({ required: true }),
    title: t.string({ required: true, description: '1 to 300 characters' }),
    text: t.string({
      required: true,
      description: '1 to 1,000,000 bytes of UTF-8; no control characters but tab and line breaks',
    }),
  }),
});
const AddKnowledgeDocumentSuccess = builder.objectRef<{ documentId: string }>('AddKnowledgeDocumentSuccess').implement({
  fields: (t) => ({
    document: t.prismaField({
      type: 'KnowledgeDocument',
      resolve: (query, { documentId: id }, _args, context) =>
        context.db.knowledgeDocument.findUniqueOrThrow({
          ...query,
          where: { tenantId_id: { tenantId: requireActor(context).tenantId, id } },
        }),
    }),
  }),
});
builder.mutationField('addKnowledgeDocument', (t) =>
  t.field({
    type: builder.unionType('AddKnowledgeDocumentResult', {
      types: [AddKnowledgeDocumentSuccess, Refusal],
      resolveType: resultTypeOf('AddKnowledgeDocumentSuccess'),
    }),
    nullable: true,
    description: 'Answers once the document can be searched and cited.',
    directives: scopes('knowledge:write'),
    args: { input: t.arg({ type: AddKnowledgeDocumentInput, required: true }) },
    resolve: (_root, { input }, context) =>
      refusalAsValue(async () => ({ documentId: await addKnowledgeDocument(context.parts, context, input) })),
  }),
);

const RemoveKnowledgeDocumentInput = builder.inputType('RemoveKnowledgeDocumentInput', {
  fields: (t) => ({ documentId: t.id({ required: true }) }),
});
const RemoveKnowledgeDocumentSuccess = builder
  .objectRef<{ documentId: string }>('RemoveKnowledgeDocumentSuccess')
  .implement({ fields: (t) => ({ documentId: t.exposeID('documentId') }) });
builder.mutationField('removeKnowledgeDocument', (t) =>
  t.field({
    type: builder.unionType('RemoveKnowledgeDocumentResult', {
      types: [RemoveKnowledgeDocumentSuccess, Refusal],
      resolveType: resultTypeOf('RemoveKnowledgeDocumentSuccess'),
    }),
    nullable: true,
    description: 'From its answer on, nothing that only this document says is found or stated.',
    directives: scopes('knowledge:write'),
    args: { input: t.arg({ type: RemoveKnowledgeDocumentInput, required: true }) },
    resolve: (_root, { input }, context) =>
      refusalAsValue(async () => {
        await removeKnowledgeDocument(context.parts, context, input.documentId);
        return { documentId: input.documentId };
      }),
  }),
);
