import { person, requireActor, resultTypeOf } from '@parley/kernel/builder';
import { cost, sensitive } from '@parley/kernel/costDirectives';
import { Refusal, refusalAsValue } from '@parley/kernel/refusal';
import type { SignedIn } from '../application/auth.ts';
import { refreshSession } from '../application/refreshSession.ts';
import { signIn } from '../application/signIn.ts';
import { signOut } from '../application/signOut.ts';
import { signUp } from '../application/signUp.ts';
import { accessTokenSeconds } from '../infrastructure/tokens.ts';
import { builder } from './builder.ts';
import { Viewer, viewerOfUser } from './viewer.ts';

const signedInType = (name: string) =>
  builder.objectRef<SignedIn>(name).implement({
    fields: (t) => ({
      accessToken: t.exposeString('accessToken'),
      refreshToken: t.exposeString('refreshToken'),
      expiresIn: t.int({ description: 'seconds', resolve: () => accessTokenSeconds }),
      viewer: t.field({
        type: Viewer,
        resolve: async ({ user }, _args, { auth }) => {
          const viewer = await viewerOfUser(auth.database.forTenant(user.tenantId), user);
          if (viewer === null) throw new Error('Signed in as nobody');
          return viewer;
        },
      }),
    }),
  });

const SignUpInput = builder.inputType('SignUpInput', {
  fields: (t) => ({
    email: t.string({ required: true }),
    password: t.string({ required: true, description: '8 to 1,024 bytes of UTF-8' }),
    organizationName: t.string({ required: true, description: '1 to 200 characters' }),
  }),
});
builder.mutationField('signUp', (t) =>
  t.field({
    type: builder.unionType('SignUpResult', {
      types: [signedInType('SignUpSuccess'), Refusal],
      resolveType: resultTypeOf('SignUpSuccess'),
    }),
    nullable: true,
    description: 'A new organization with its owner, signed in.',
    directives: { ...sensitive, ...cost(50) },
    args: { input: t.arg({ type: SignUpInput, required: true }) },
    resolve: (_root, { input }, { auth }) => refusalAsValue(() => signUp(auth, input)),
  }),
);

const SignInInput = builder.inputType('SignInInput', {
  fields: (t) => ({
    email: t.string({ required: true }),
    password: t.string({ required: true }),
    totp: t.string({ description: 'the authenticator app’s code, where one is enrolled' }),
  }),
});
builder.mutationField('signIn', (t) =>
  t.field({
    type: builder.unionType('SignInResult', {
      types: [signedInType('SignInSuccess'), Refusal],
      resolveType: resultTypeOf('SignInSuccess'),
    }),
    nullable: true,
    directives: { ...sensitive, ...cost(50) },
    args: { input: t.arg({ type: SignInInput, required: true }) },
    resolve: (_root, { input }, { auth }) => refusalAsValue(() => signIn(auth, { ...input, totp: input.totp ?? null })),
  }),
);

const RefreshSessionInput = builder.inputType('RefreshSessionInput', {
  fields: (t) => ({ refreshToken: t.string({ required: true }) }),
});
const RefreshSessionSuccess = builder
  .objectRef<{ accessToken: string; refreshToken: string }>('RefreshSessionSuccess')
  .implement({
    fields: (t) => ({
      accessToken: t.exposeString('accessToken'),
      refreshToken: t.exposeString('refreshToken'),
      expiresIn: t.int({ description: 'seconds', resolve: () => accessTokenSeconds }),
    }),
  });
builder.mutationField('refreshSession', (t) =>
  t.field({
    type: builder.unionType('RefreshSessionResult', {
      types: [RefreshSessionSuccess, Refusal],
      resolveType: resultTypeOf('RefreshSessionSuccess'),
    }),
    nullable: true,
    description:
      'A token is used once: its second use ends the session family (a lost reply has a short grace, in which the same answer is given again).',
    args: { input: t.arg({ type: RefreshSessionInput, required: true }) },
    resolve: (_root, { input }, { auth }) => refusalAsValue(() => refreshSession(auth, input)),
  }),
);

const endedType = (name: string) =>
  builder.objectRef<{ sessionsEnded: number }>(name).implement({
    fields: (t) => ({ sessionsEnded: t.exposeInt('sessionsEnded') }),
  });
builder.mutationField('signOut', (t) =>
  t.field({
    type: builder.unionType('SignOutResult', {
      types: [endedType('SignOutSuccess'), Refusal],
      resolveType: resultTypeOf('SignOutSuccess'),
    }),
    nullable: true,
    directives: person,
    description: "Ends the caller's session.",
    resolve: (_root, _args, context) =>
      refusalAsValue(async () => ({
        sessionsEnded: await signOut(context.auth, requireActor(context), { everywhere: false }),
      })),
  }),
);
builder.mutationField('signOutEverywhere', (t) =>
  t.field({
    type: builder.unionType('SignOutEverywhereResult', {
      types: [endedType('SignOutEverywhereSuccess'), Refusal],
      resolveType: resultTypeOf('SignOutEverywhereSuccess'),
    }),
    nullable: true,
    directives: person,
    description: "Ends all of the caller's sessions, on every device.",
    resolve: (_root, _args, context) =>
      refusalAsValue(async () => ({
        sessionsEnded: await signOut(context.auth, requireActor(context), { everywhere: true }),
      })),
  }),
);
