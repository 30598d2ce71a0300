import { type RequestContext, requireActor, type SharedTypes } from '@parley/kernel/builder';
import SchemaBuilder from '@pothos/core';
import DataloaderPlugin from '@pothos/plugin-dataloader';
import DirectivesPlugin from '@pothos/plugin-directives';
import FederationPlugin from '@pothos/plugin-federation';
import { GraphQLError } from 'graphql';
import { DateTimeResolver } from 'graphql-scalars';
import type { Analytics } from '../application/analytics.ts';
import type { Client } from '../infrastructure/database.ts';

/** `db` is the caller's tenant's; reading it without a caller is an error. */
export type AnalyticsContext = RequestContext & { readonly analytics: Analytics; readonly db: Client };
export type Types = PothosSchemaTypes.ExtendDefaultTypes<SharedTypes & { Context: AnalyticsContext }>;

// The Prisma plugin's types, which other subgraphs load, ask for its option everywhere; this builder does not use it.
const withoutPrisma = {} as { prisma: never };

export const builder = new SchemaBuilder<SharedTypes & { Context: AnalyticsContext }>({
  ...withoutPrisma,
  plugins: [DataloaderPlugin, DirectivesPlugin, FederationPlugin],
  defaultFieldNullability: false,
});
builder.addScalarType('DateTime', DateTimeResolver);
builder.queryType();
builder.subscriptionType();

/**
 * The rows of the caller's organization. The gateway has checked the scope; a visitor, who holds one conversation, gets
 * no numbers from here whatever the gateway thinks.
 */
export const analystDatabase = (context: AnalyticsContext): Client => {
  if (requireActor(context).kind === 'VISITOR')
    throw new GraphQLError('Metrics are not for visitors.', { extensions: { code: 'UNAUTHORIZED_FIELD_OR_TYPE' } });
  return context.db;
};
