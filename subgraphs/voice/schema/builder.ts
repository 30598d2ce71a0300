import type { Actor } from '@parley/kernel/actor';
import {
  addSharedTypes,
  type RequestContext,
  relayOptions,
  requireActor,
  type SharedTypes,
} from '@parley/kernel/builder';
import SchemaBuilder from '@pothos/core';
import DirectivesPlugin from '@pothos/plugin-directives';
import FederationPlugin from '@pothos/plugin-federation';
import PrismaPlugin from '@pothos/plugin-prisma';
import RelayPlugin from '@pothos/plugin-relay';
import { GraphQLError } from 'graphql';
import type { Voice } from '../application/voice.ts';
import { getDatamodel, type default as PrismaTypes } from '../generated/pothos.ts';
import type { Client } from '../infrastructure/database.ts';

/** `db` is the caller's tenant's; reading it without a caller is an error. */
export type VoiceContext = RequestContext & { readonly voice: Voice; readonly db: Client };

export const builder = new SchemaBuilder<SharedTypes & { Context: VoiceContext; PrismaTypes: PrismaTypes }>({
  plugins: [RelayPlugin, PrismaPlugin, DirectivesPlugin, FederationPlugin],
  defaultFieldNullability: false,
  relay: relayOptions,
  prisma: { client: (context) => context.db, dmmf: getDatamodel(), maxConnectionSize: 100, onUnusedQuery: null },
});
addSharedTypes(builder);
builder.queryType();
builder.mutationType();
builder.subscriptionType();

/** One of our own services; nobody else may steer a turn's audio. The operations are not in the public schema either. */
export const requireService = (context: RequestContext): Actor => {
  const actor = requireActor(context);
  if (actor.kind !== 'SERVICE') throw new GraphQLError('Not allowed.', { extensions: { code: 'FORBIDDEN' } });
  return actor;
};
