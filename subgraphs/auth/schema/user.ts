import { roles } from '@parley/kernel/actor';
import { requireActor, scopes } from '@parley/kernel/builder';
import { isUuid } from '@parley/kernel/database';
import { builder } from './builder.ts';

export const RoleEnum = builder.enumType('Role', { values: roles });

/** A person of the caller's organization. */
const User = builder.prismaObject('User', {
  select: { tenantId: true, id: true },
  fields: (t) => ({
    id: t.exposeID('id'),
    email: t.exposeString('email', { directives: scopes('organization:admin') }),
    role: t.field({
      type: RoleEnum,
      nullable: true,
      description: 'null for who has left',
      select: { membership: { select: { role: true } } },
      resolve: ({ membership }) => membership?.role ?? null,
    }),
  }),
});

builder.asEntity(User, {
  key: builder.selection<{ id: string }>('id'),
  resolveReference: ({ id }, context) => {
    const { tenantId } = requireActor(context);
    return isUuid(id) ? context.db.user.findUnique({ where: { tenantId_id: { tenantId, id } } }) : null;
  },
});
