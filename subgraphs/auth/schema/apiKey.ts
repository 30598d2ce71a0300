import { requireActor, resultTypeOf, scopes } from '@parley/kernel/builder';
import { page } from '@parley/kernel/costDirectives';
import { isUuid } from '@parley/kernel/database';
import { pageOf } from '@parley/kernel/page';
import { Refusal, refusalAsValue } from '@parley/kernel/refusal';
import { createApiKey } from '../application/createApiKey.ts';
import { revokeApiKey } from '../application/revokeApiKey.ts';
import { builder } from './builder.ts';

const ApiKey = builder.prismaObject('ApiKey', {
  select: { tenantId: true, id: true },
  fields: (t) => ({
    id: t.exposeID('id'),
    name: t.exposeString('name'),
    prefix: t.exposeString('prefix', { description: 'how the secret begins: enough to tell keys apart' }),
    scopes: t.exposeStringList('scopes'),
    partner: t.relation('partner', { nullable: true }),
    createdAt: t.expose('createdAt', { type: 'DateTime' }),
    expiresAt: t.expose('expiresAt', { type: 'DateTime', nullable: true }),
    revokedAt: t.expose('revokedAt', { type: 'DateTime', nullable: true }),
  }),
});

builder.asEntity(ApiKey, {
  key: builder.selection<{ id: string }>('id'),
  resolveReference: ({ id }, context) => {
    const { tenantId } = requireActor(context);
    return isUuid(id) ? context.db.apiKey.findUnique({ where: { tenantId_id: { tenantId, id } } }) : null;
  },
});

const ApiKeyConnection = builder.connectionObject({ type: ApiKey, name: 'ApiKeyConnection' }, { name: 'ApiKeyEdge' });
builder.queryField('apiKeys', (t) =>
  t.field({
    type: ApiKeyConnection,
    nullable: true,
    description: 'Newest first.',
    directives: { ...scopes('organization:admin'), ...page },
    args: { first: t.arg.int({ required: true, defaultValue: 20 }), after: t.arg.string() },
    resolve: (_root, args, context) => {
      requireActor(context);
      return pageOf(args, (window) => context.db.apiKey.findMany(window));
    },
  }),
);

const CreateApiKeyInput = builder.inputType('CreateApiKeyInput', {
  fields: (t) => ({
    name: t.string({ required: true, description: '1 to 200 characters' }),
    scopes: t.stringList({
      required: true,
      description: 'a key whose only scope is persisted runs what was published for it, nothing else',
    }),
    partnerId: t.id({ description: 'whom it is given to; without one it is for a program of your own' }),
    expiresAt: t.field({ type: 'DateTime' }),
  }),
});
const CreateApiKeySuccess = builder.objectRef<{ id: string; secret: string }>('CreateApiKeySuccess').implement({
  fields: (t) => ({
    apiKey: t.prismaField({
      type: 'ApiKey',
      resolve: (query, { id }, _args, context) =>
        context.db.apiKey.findUniqueOrThrow({
          ...query,
          where: { tenantId_id: { tenantId: requireActor(context).tenantId, id } },
        }),
    }),
    secret: t.exposeString('secret', { description: 'shown this once' }),
  }),
});
builder.mutationField('createApiKey', (t) =>
  t.field({
    type: builder.unionType('CreateApiKeyResult', {
      types: [CreateApiKeySuccess, Refusal],
      resolveType: resultTypeOf('CreateApiKeySuccess'),
    }),
    nullable: true,
    directives: scopes('organization:admin'),
    args: { input: t.arg({ type: CreateApiKeyInput, required: true }) },
    resolve: (_root, { input }, context) =>
      refusalAsValue(() =>
        createApiKey(context.auth, requireActor(context), {
          ...input,
          partnerId: input.partnerId ?? null,
          expiresAt: input.expiresAt ?? null,
        }),
      ),
  }),
);

const RevokeApiKeyInput = builder.inputType('RevokeApiKeyInput', {
  fields: (t) => ({ id: t.id({ required: true }) }),
});
const RevokeApiKeySuccess = builder.objectRef<{ id: string }>('RevokeApiKeySuccess').implement({
  fields: (t) => ({
    apiKey: t.prismaField({
      type: 'ApiKey',
      resolve: (query, { id }, _args, context) =>
        context.db.apiKey.findUniqueOrThrow({
          ...query,
          where: { tenantId_id: { tenantId: requireActor(context).tenantId, id } },
        }),
    }),
  }),
});
builder.mutationField('revokeApiKey', (t) =>
  t.field({
    type: builder.unionType('RevokeApiKeyResult', {
      types: [RevokeApiKeySuccess, Refusal],
      resolveType: resultTypeOf('RevokeApiKeySuccess'),
    }),
    nullable: true,
    directives: scopes('organization:admin'),
    description: 'The key is refused from now on, within a minute everywhere.',
    args: { input: t.arg({ type: RevokeApiKeyInput, required: true }) },
    resolve: (_root, { input }, context) =>
      refusalAsValue(() => revokeApiKey(context.auth, requireActor(context), input)),
  }),
);
