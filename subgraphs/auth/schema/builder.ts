import { addSharedTypes, type RequestContext, relayOptions, type SharedTypes } from '@parley/kernel/builder';
import SchemaBuilder from '@pothos/core';
import DirectivesPlugin from '@pothos/plugin-directives';
import FederationPlugin from '@pothos/plugin-federation';
import PrismaPlugin from '@pothos/plugin-prisma';
import RelayPlugin from '@pothos/plugin-relay';
import type { AuthParts } from '../application/auth.ts';
import { getDatamodel, type default as PrismaTypes } from '../generated/pothos.ts';
import type { Client } from '../infrastructure/database.ts';

/** `db` is the caller's tenant's; reading it without a caller is an error. */
export type AuthContext = RequestContext & { readonly auth: AuthParts; readonly db: Client };

export const builder = new SchemaBuilder<SharedTypes & { Context: AuthContext; PrismaTypes: PrismaTypes }>({
  plugins: [RelayPlugin, PrismaPlugin, DirectivesPlugin, FederationPlugin],
  defaultFieldNullability: false,
  relay: relayOptions,
  prisma: {
    client: (context) => context.db,
    dmmf: getDatamodel(),
    exposeDescriptions: true,
    maxConnectionSize: 100,
    onUnusedQuery: null,
  },
});
addSharedTypes(builder);
builder.queryType();
builder.mutationType();
