import { requireActor, resultTypeOf, scopes } from '@parley/kernel/builder';
import { page } from '@parley/kernel/costDirectives';
import { isUuid } from '@parley/kernel/database';
import { pageOf } from '@parley/kernel/page';
import { Refusal, refusalAsValue } from '@parley/kernel/refusal';
import { createPartner } from '../application/createPartner.ts';
import { builder } from './builder.ts';

const Partner = builder.prismaObject('Partner', {
  select: { tenantId: true, id: true },
  fields: (t) => ({
    id: t.exposeID('id'),
    name: t.exposeString('name'),
    createdAt: t.expose('createdAt', { type: 'DateTime' }),
  }),
});

builder.asEntity(Partner, {
  key: builder.selection<{ id: string }>('id'),
  resolveReference: ({ id }, context) => {
    const { tenantId } = requireActor(context);
    return isUuid(id) ? context.db.partner.findUnique({ where: { tenantId_id: { tenantId, id } } }) : null;
  },
});

const PartnerConnection = builder.connectionObject(
  { type: Partner, name: 'PartnerConnection' },
  { name: 'PartnerEdge' },
);
builder.queryField('partners', (t) =>
  t.field({
    type: PartnerConnection,
    nullable: true,
    description: 'Newest first.',
    directives: { ...scopes('organization:admin'), ...page },
    args: { first: t.arg.int({ required: true, defaultValue: 20 }), after: t.arg.string() },
    resolve: (_root, args, context) => {
      requireActor(context);
      return pageOf(args, (window) => context.db.partner.findMany(window));
    },
  }),
);

const CreatePartnerInput = builder.inputType('CreatePartnerInput', {
  fields: (t) => ({ name: t.string({ required: true, description: '1 to 200 characters' }) }),
});
const CreatePartnerSuccess = builder.objectRef<{ id: string }>('CreatePartnerSuccess').implement({
  fields: (t) => ({
    partner: t.prismaField({
      type: 'Partner',
      resolve: (query, { id }, _args, context) =>
        context.db.partner.findUniqueOrThrow({
          ...query,
          where: { tenantId_id: { tenantId: requireActor(context).tenantId, id } },
        }),
    }),
  }),
});
builder.mutationField('createPartner', (t) =>
  t.field({
    type: builder.unionType('CreatePartnerResult', {
      types: [CreatePartnerSuccess, Refusal],
      resolveType: resultTypeOf('CreatePartnerSuccess'),
    }),
    nullable: true,
    directives: scopes('organization:admin'),
    args: { input: t.arg({ type: CreatePartnerInput, required: true }) },
    resolve: (_root, { input }, context) =>
      refusalAsValue(() => createPartner(context.auth, requireActor(context), input)),
  }),
);
