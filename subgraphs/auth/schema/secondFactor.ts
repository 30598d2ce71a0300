import { person, requireActor, resultTypeOf } from '@parley/kernel/builder';
import { sensitive } from '@parley/kernel/costDirectives';
import { Refusal, refusalAsValue } from '@parley/kernel/refusal';
import { beginTotpEnrolment, confirmTotpEnrolment } from '../application/totpEnrolment.ts';
import { builder } from './builder.ts';

const BeginTotpEnrolmentInput = builder.inputType('BeginTotpEnrolmentInput', {
  fields: (t) => ({ password: t.string({ required: true, description: 'asked for again' }) }),
});
const BeginTotpEnrolmentSuccess = builder
  .objectRef<{ secret: string; uri: string }>('BeginTotpEnrolmentSuccess')
  .implement({
    fields: (t) => ({
      secret: t.exposeString('secret', { description: 'base32, for typing it in; shown this once' }),
      uri: t.exposeString('uri', { description: 'otpauth:, for a QR code' }),
    }),
  });
builder.mutationField('beginTotpEnrolment', (t) =>
  t.field({
    type: builder.unionType('BeginTotpEnrolmentResult', {
      types: [BeginTotpEnrolmentSuccess, Refusal],
      resolveType: resultTypeOf('BeginTotpEnrolmentSuccess'),
    }),
    nullable: true,
    directives: { ...person, ...sensitive },
    description: 'Offers a secret for an authenticator app; nothing changes until a code of it is confirmed.',
    args: { input: t.arg({ type: BeginTotpEnrolmentInput, required: true }) },
    resolve: (_root, { input }, context) =>
      refusalAsValue(() => beginTotpEnrolment(context.auth, requireActor(context), input)),
  }),
);

const ConfirmTotpEnrolmentInput = builder.inputType('ConfirmTotpEnrolmentInput', {
  fields: (t) => ({ code: t.string({ required: true, description: 'the six digits that the app shows now' }) }),
});
const ConfirmTotpEnrolmentSuccess = builder
  .objectRef<{ enrolled: boolean }>('ConfirmTotpEnrolmentSuccess')
  .implement({ fields: (t) => ({ enrolled: t.exposeBoolean('enrolled') }) });
builder.mutationField('confirmTotpEnrolment', (t) =>
  t.field({
    type: builder.unionType('ConfirmTotpEnrolmentResult', {
      types: [ConfirmTotpEnrolmentSuccess, Refusal],
      resolveType: resultTypeOf('ConfirmTotpEnrolmentSuccess'),
    }),
    nullable: true,
    directives: { ...person, ...sensitive },
    description: 'From now on signing in needs a code.',
    args: { input: t.arg({ type: ConfirmTotpEnrolmentInput, required: true }) },
    resolve: (_root, { input }, context) =>
      refusalAsValue(async () => {
        await confirmTotpEnrolment(context.auth, requireActor(context), input);
        return { enrolled: true };
      }),
  }),
);
