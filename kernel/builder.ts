import type SchemaBuilder from '@pothos/core';
import type { SchemaTypes } from '@pothos/core';
import '@pothos/plugin-directives';
import '@pothos/plugin-federation';
import { GraphQLError } from 'graphql';
import { DateTimeResolver, URLResolver } from 'graphql-scalars';
import type { Actor } from './actor.ts';
import type { CacheDirectives } from './cacheDirectives.ts';
import type { CostDirectives } from './costDirectives.ts';
import { Refusal, type RefusalIssue, refusalCodes } from './refusal.ts';

/** What every subgraph's schema has in common, to be spread into its builder's types. */
export type SharedTypes = {
  DefaultFieldNullability: false;
  Scalars: {
    ID: { Input: string; Output: string };
    DateTime: { Input: Date; Output: Date };
    URL: { Input: URL; Output: URL | string };
  };
  Directives: CostDirectives &
    CacheDirectives & {
      requiresScopes: {
        locations: 'OBJECT' | 'FIELD_DEFINITION' | 'INTERFACE' | 'SCALAR' | 'ENUM';
        args: { scopes: readonly (readonly string[])[] };
      };
      authenticated: {
        locations: 'OBJECT' | 'FIELD_DEFINITION' | 'INTERFACE' | 'SCALAR' | 'ENUM';
        args: Record<string, never>;
      };
      policy: {
        locations: 'OBJECT' | 'FIELD_DEFINITION' | 'INTERFACE' | 'SCALAR' | 'ENUM';
        args: { policies: readonly (readonly string[])[] };
      };
    };
};

/** What every resolver gets beside its context's own parts. `actor` is null only before sign-in. */
export type RequestContext = {
  readonly actor: Actor | null;
  readonly requestId: string;
  readonly signal: AbortSignal | undefined;
};

/** The plugins' options that are the same everywhere. */
export const relayOptions = {
  clientMutationId: 'omit',
  cursorType: 'String',
  pageInfoTypeOptions: { shareable: true },
} as const;

/** The federation version whose directives our SDL uses. */
export const subgraphSchemaOptions = {
  linkUrl: 'https://specs.apollo.dev/federation/v2.9',
  federationDirectives: [
    '@authenticated',
    '@cost',
    '@extends',
    '@external',
    '@inaccessible',
    '@key',
    '@listSize',
    '@policy',
    '@requiresScopes',
    '@shareable',
  ],
};

/** `directives: scopes('conversations:read')`: any one of the given scopes opens the field (enforced by the gateway). */
export const scopes = (...anyOf: readonly string[]) => ({ requiresScopes: { scopes: anyOf.map((scope) => [scope]) } });
export const authenticated = { authenticated: {} };
/** Only a signed-in person, however much a key or a visitor may do (enforced by the gateway). */
export const person = { policy: { policies: [['kind:USER']] } };

/**
 * Adds what subgraphs share by value: the scalars, and Refusal with its code and issues. Refusal is a class, so any
 * union of this builder may name it.
 */
export const addSharedTypes = <Types extends SchemaTypes>(given: PothosSchemaTypes.SchemaBuilder<Types>): void => {
  const builder = given as unknown as PothosSchemaTypes.SchemaBuilder<
    PothosSchemaTypes.ExtendDefaultTypes<SharedTypes>
  >;
  builder.addScalarType('DateTime', DateTimeResolver);
  builder.addScalarType('URL', URLResolver);
  const code = builder.enumType('RefusalCode', { values: refusalCodes });
  const issue = builder.objectRef<RefusalIssue>('RefusalIssue').implement({
    shareable: true,
    fields: (t) => ({
      path: t.field({ type: ['String'], resolve: (value) => [...value.path] }),
      message: t.exposeString('message'),
    }),
  });
  builder.objectType(Refusal, {
    name: 'Refusal',
    description:
      "An expected 'no': the caller can act on it. Never a bug or an outage. A value type every subgraph shares.",
    shareable: true,
    fields: (t) => ({
      code: t.field({ type: code, resolve: (refusal) => refusal.code }),
      message: t.exposeString('message'),
      issues: t.field({
        type: [issue],
        description: 'one per wrong input field',
        resolve: (refusal) => [...refusal.issues],
      }),
      retryAfterMs: t.exposeInt('retryAfterMs', { nullable: true }),
    }),
  });
};

/** The result union of a mutation: `<Name>Success | Refusal`. */
export const resultTypeOf = (success: string) => (value: unknown) => (value instanceof Refusal ? 'Refusal' : success);

/** The signed-in caller, or the gateway's own error; the gateway has refused already where the schema says so. */
export const requireActor = (context: RequestContext): Actor => {
  if (context.actor === null) throw new GraphQLError('Sign in first.', { extensions: { code: 'UNAUTHENTICATED' } });
  return context.actor;
};

/** An argument that makes no sense, e.g. `first: -1`. */
export const badInput = (message: string): GraphQLError =>
  new GraphQLError(message, { extensions: { code: 'BAD_USER_INPUT' } });

/** Page arguments of a connection: whole, not negative, at most 100, one direction at a time. */
export const checkPage = (args: { first?: number | null | undefined; last?: number | null | undefined }): void => {
  for (const [name, value] of Object.entries({ first: args.first, last: args.last })) {
    if (value === null || value === undefined) continue;
    if (value < 0 || value > 100) throw badInput(`${name} must be between 0 and 100.`);
  }
  if (args.first != null && args.last != null) throw badInput('Give first or last, not both.');
};

export type Builder<Types extends SchemaTypes> = InstanceType<typeof SchemaBuilder<Types>>;
