import { requireActor } from '@parley/kernel/builder';
import { builder } from './builder.ts';

const Organization = builder.prismaObject('Organization', {
  select: { tenantId: true, id: true },
  fields: (t) => ({
    id: t.exposeID('id'),
    name: t.exposeString('name'),
    createdAt: t.expose('createdAt', { type: 'DateTime' }),
  }),
});

builder.asEntity(Organization, {
  key: builder.selection<{ id: string }>('id'),
  resolveReference: ({ id }, context) => {
    const { tenantId } = requireActor(context);
    return id === tenantId ? context.db.organization.findUnique({ where: { tenantId_id: { tenantId, id } } }) : null;
  },
});
