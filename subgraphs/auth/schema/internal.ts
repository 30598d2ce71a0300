/** What our own processes ask auth; @inaccessible, so never part of the public schema. */
import { requireActor } from '@parley/kernel/builder';
import { isUuid } from '@parley/kernel/database';
import { gate } from '../infrastructure/database.ts';
import { builder } from './builder.ts';

const SigningKey = builder.objectRef<{ kid: string; jwk: object }>('SigningKey').implement({
  inaccessible: true,
  fields: (t) => ({
    kid: t.exposeString('kid'),
    jwk: t.string({ description: 'the public JWK as JSON', resolve: ({ jwk }) => JSON.stringify(jwk) }),
  }),
});
builder.queryField('signingKeys', (t) =>
  t.field({
    type: [SigningKey],
    inaccessible: true,
    description: 'What access tokens are verified with; the content of /.well-known/jwks.json.',
    resolve: (_root, _args, { auth }) => auth.signingKeys.published(),
  }),
);

type ApiKeyActorShape = {
  id: string;
  tenantId: string;
  scopes: string[];
  partnerId: string | null;
  expiresAt: Date | null;
};
const ApiKeyActor = builder.objectRef<ApiKeyActorShape>('ApiKeyActor').implement({
  inaccessible: true,
  fields: (t) => ({
    id: t.exposeID('id'),
    tenantId: t.exposeID('tenantId'),
    scopes: t.exposeStringList('scopes'),
    partnerId: t.exposeID('partnerId', { nullable: true }),
    expiresAt: t.expose('expiresAt', { type: 'DateTime', nullable: true }),
  }),
});
const hashShape = /^[0-9a-f]{64}$/;
builder.queryField('apiKeyActor', (t) =>
  t.field({
    type: ApiKeyActor,
    nullable: true,
    inaccessible: true,
    description: 'Who holds the key with this sha256; null when it is unknown, revoked or has expired.',
    args: { secretHash: t.arg.string({ required: true }) },
    resolve: async (_root, { secretHash }, { auth }) => {
      if (!hashShape.test(secretHash)) return null;
      const key = await gate(auth.database).apiKey.findFirst({
        where: { secretHash, revokedAt: null },
        select: { id: true, tenantId: true, scopes: true, partnerId: true, expiresAt: true },
      });
      return key !== null && (key.expiresAt === null || key.expiresAt > auth.clock()) ? key : null;
    },
  }),
);

const PublishedDocument = builder.objectRef<{ body: string; name: string }>('PublishedDocument').implement({
  inaccessible: true,
  fields: (t) => ({ body: t.exposeString('body'), name: t.exposeString('name') }),
});
builder.queryField('publishedDocument', (t) =>
  t.field({
    type: PublishedDocument,
    nullable: true,
    inaccessible: true,
    description: "A partner's document, or without partnerId the organization's own.",
    args: {
      tenantId: t.arg.id({ required: true }),
      partnerId: t.arg.id(),
      hash: t.arg.string({ required: true }),
    },
    resolve: (_root, { tenantId, partnerId, hash }, { auth }) => {
      if (!isUuid(tenantId) || (partnerId != null && !isUuid(partnerId)) || !hashShape.test(hash)) return null;
      return auth.database.forTenant(tenantId).persistedDocument.findFirst({
        where: { tenantId, partnerId: partnerId ?? null, hash },
        select: { body: true, name: true },
      });
    },
  }),
);

builder.queryField('sessionIsOpen', (t) =>
  t.boolean({
    nullable: true,
    inaccessible: true,
    description: 'May access tokens of this session still be accepted?',
    args: { tenantId: t.arg.id({ required: true }), sessionId: t.arg.id({ required: true }) },
    resolve: async (_root, { tenantId, sessionId: id }, { auth }) => {
      if (!isUuid(tenantId) || !isUuid(id)) return false;
      const session = await auth.database
        .forTenant(tenantId)
        .session.findUnique({ where: { tenantId_id: { tenantId, id } }, select: { revokedAt: true } });
      return session !== null && session.revokedAt === null;
    },
  }),
);

builder.mutationField('issueVisitorToken', (t) =>
  t.string({
    nullable: true,
    inaccessible: true,
    description: "For a customer's browser: this conversation of the caller's organization, 1 hour. Called by sales.",
    args: { conversationId: t.arg.id({ required: true }) },
    resolve: (_root, { conversationId }, context) => {
      const { kind, tenantId } = requireActor(context);
      return kind === 'VISITOR' || !isUuid(conversationId)
        ? null
        : context.auth.tokens.visitor(tenantId, conversationId);
    },
  }),
);
