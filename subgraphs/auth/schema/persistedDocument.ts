import { requireActor, resultTypeOf, scopes } from '@parley/kernel/builder';
import { listOf } from '@parley/kernel/costDirectives';
import { isUuid } from '@parley/kernel/database';
import { Refusal, refusalAsValue } from '@parley/kernel/refusal';
import { publishPersistedDocuments } from '../application/publishPersistedDocuments.ts';
import { builder } from './builder.ts';

const PersistedDocument = builder.prismaObject('PersistedDocument', {
  select: { tenantId: true, id: true },
  fields: (t) => ({
    id: t.exposeID('id'),
    name: t.exposeString('name'),
    hash: t.exposeString('hash', { description: 'sha256 of the body, lower-case hex' }),
  }),
});

builder.asEntity(PersistedDocument, {
  key: builder.selection<{ id: string }>('id'),
  resolveReference: ({ id }, context) => {
    const { tenantId } = requireActor(context);
    return isUuid(id) ? context.db.persistedDocument.findUnique({ where: { tenantId_id: { tenantId, id } } }) : null;
  },
});

const PersistedDocumentInput = builder.inputType('PersistedDocumentInput', {
  fields: (t) => ({
    name: t.string({ required: true, description: "the operation's name, where it has one" }),
    body: t.string({ required: true, description: 'one operation and its fragments, up to 100,000 bytes' }),
  }),
});
const PublishPersistedDocumentsInput = builder.inputType('PublishPersistedDocumentsInput', {
  fields: (t) => ({
    partnerId: t.id(),
    manifest: t.field({ type: [PersistedDocumentInput], required: true, description: '1 to 1,000 documents' }),
  }),
});
const PublishPersistedDocumentsSuccess = builder
  .objectRef<{ ids: readonly string[] }>('PublishPersistedDocumentsSuccess')
  .implement({
    fields: (t) => ({
      documents: t.prismaField({
        type: ['PersistedDocument'],
        directives: listOf(100),
        description: 'in the order of the manifest',
        resolve: async (query, { ids }, _args, context) => {
          const { tenantId } = requireActor(context);
          const rows = await context.db.persistedDocument.findMany({
            ...query,
            where: { tenantId, id: { in: [...ids] } },
          });
          const byId = new Map(rows.map((row) => [row.id, row]));
          return ids.flatMap((id) => byId.get(id) ?? []);
        },
      }),
    }),
  });
builder.mutationField('publishPersistedDocuments', (t) =>
  t.field({
    type: builder.unionType('PublishPersistedDocumentsResult', {
      types: [PublishPersistedDocumentsSuccess, Refusal],
      resolveType: resultTypeOf('PublishPersistedDocumentsSuccess'),
    }),
    nullable: true,
    directives: scopes('organization:admin'),
    description:
      "All or nothing: each document is validated against the public schema; the Refusal's issues say which failed and why. Without partnerId they are the organization's own. What was published before keeps working.",
    args: { input: t.arg({ type: PublishPersistedDocumentsInput, required: true }) },
    resolve: (_root, { input }, context) =>
      refusalAsValue(async () => ({
        ids: await publishPersistedDocuments(context.auth, requireActor(context), {
          ...input,
          partnerId: input.partnerId ?? null,
        }),
      })),
  }),
);
