import { addSharedTypes, type RequestContext, relayOptions, type SharedTypes } from '@parley/kernel/builder';
import SchemaBuilder from '@pothos/core';
import DataloaderPlugin from '@pothos/plugin-dataloader';
import DirectivesPlugin from '@pothos/plugin-directives';
import FederationPlugin from '@pothos/plugin-federation';
import PrismaPlugin from '@pothos/plugin-prisma';
import RelayPlugin from '@pothos/plugin-relay';
import type { Parts } from '../application/parts.ts';
import { getDatamodel, type default as PrismaTypes } from '../generated/pothos.ts';
import type { Client } from '../infrastructure/database.ts';

/** `db` holds the rows of the caller's tenant; reading it without a caller is an error. */
export type AgentContext = RequestContext & { readonly parts: Parts; readonly db: Client };

export const builder = new SchemaBuilder<SharedTypes & { Context: AgentContext; PrismaTypes: PrismaTypes }>({
  plugins: [RelayPlugin, PrismaPlugin, DataloaderPlugin, DirectivesPlugin, FederationPlugin],
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
builder.subscriptionType();
