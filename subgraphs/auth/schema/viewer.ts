import type { Role } from '@parley/kernel/actor';
import { authenticated, requireActor } from '@parley/kernel/builder';
import { roleOfApiKey } from '../domain/apiKey.ts';
import type { Client } from '../infrastructure/database.ts';
import { builder } from './builder.ts';
import './organization.ts';
import { RoleEnum } from './user.ts';

type ViewerShape = { id: string; tenantId: string; email: string | null; role: Role };

export const Viewer = builder.objectRef<ViewerShape>('Viewer').implement({
  description: 'Who is calling.',
  fields: (t) => ({
    id: t.exposeID('id'),
    email: t.exposeString('email', { nullable: true, description: 'null for an API key' }),
    role: t.expose('role', { type: RoleEnum }),
    organization: t.prismaField({
      type: 'Organization',
      resolve: (query, { tenantId }, _args, { auth }) =>
        auth.database
          .forTenant(tenantId)
          .organization.findUniqueOrThrow({ ...query, where: { tenantId_id: { tenantId, id: tenantId } } }),
    }),
  }),
});

/** A signed-in person as they are now; null for who has left since. */
export const viewerOfUser = async (db: Client, user: { id: string; tenantId: string }): Promise<ViewerShape | null> => {
  const { id, tenantId } = user;
  const row = await db.user.findUnique({
    where: { tenantId_id: { tenantId, id } },
    select: { email: true, membership: { select: { role: true } } },
  });
  return row?.membership ? { id, tenantId, email: row.email, role: row.membership.role } : null;
};

builder.queryField('viewer', (t) =>
  t.field({
    type: Viewer,
    nullable: true,
    directives: authenticated,
    description: 'The person or the API key that calls; null for a visitor.',
    resolve: (_root, _args, context) => {
      const actor = requireActor(context);
      if (actor.kind === 'USER') return viewerOfUser(context.db, actor);
      if (actor.kind !== 'API_KEY') return null;
      return { id: actor.id, tenantId: actor.tenantId, email: null, role: roleOfApiKey(actor.partnerId) };
    },
  }),
);
