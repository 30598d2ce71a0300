import {
  DirectiveLocation,
  GraphQLBoolean,
  GraphQLDirective,
  GraphQLInt,
  GraphQLString,
  specifiedDirectives,
} from 'graphql';

/** How long a gateway may keep what a field gives: Apollo's @cacheControl. Where nothing is said, not at all. */
export type CacheDirectives = {
  cacheControl: {
    locations: 'OBJECT' | 'FIELD_DEFINITION' | 'INTERFACE' | 'UNION';
    args: { maxAge?: number; scope?: 'PUBLIC' | 'PRIVATE'; inheritMaxAge?: boolean };
  };
};

/** `directives: keepFor(60)`: for so many seconds, for all of the organization whose rights are equal. */
export const keepFor = (seconds: number) => ({ cacheControl: { maxAge: seconds } });

/** At a type: its fields may be kept for as long as what they were reached by. */
export const keepWithParent = { cacheControl: { inheritMaxAge: true } } as const;

/**
 * Added to the options of a subgraph's schema that uses @cacheControl, so that composition takes it over. `scope` is a
 * string here: an enum would become a type of the public schema.
 */
export const cacheSchemaOptions = {
  composeDirectives: ['@cacheControl' as const],
  directives: [
    ...specifiedDirectives,
    new GraphQLDirective({
      name: 'cacheControl',
      locations: [
        DirectiveLocation.OBJECT,
        DirectiveLocation.FIELD_DEFINITION,
        DirectiveLocation.INTERFACE,
        DirectiveLocation.UNION,
      ],
      args: {
        maxAge: { type: GraphQLInt },
        scope: { type: GraphQLString },
        inheritMaxAge: { type: GraphQLBoolean },
      },
    }),
  ],
  // A name, which leads nowhere; the gateway knows it (gateway/caching/cacheHints.ts).
  schemaDirectives: { link: { url: 'https://parley.example/caching/v1.0', import: ['@cacheControl'] } },
};
