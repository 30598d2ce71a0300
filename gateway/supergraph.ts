import { Supergraph } from '@apollo/federation-internals';
import { QueryPlanner } from '@apollo/query-planner';
import type { GraphQLSchema } from 'graphql';
import { type AccessRules, readAccessRules } from './accessRules.ts';
import { assertPrefixIsFree, createDataKeyOf, type DataKeyOf } from './dataKeys.ts';
import { checkKnownScalars } from './knownScalars.ts';

/** Everything derived from one supergraph SDL. Replaced as a whole when another one is loaded. */
export type LoadedSupergraph = {
  readonly supergraph: Supergraph;
  readonly planner: QueryPlanner;
  readonly apiSchema: ReturnType<Supergraph['apiSchema']>;
  /** The public schema, as graphql-js knows it. */
  readonly schema: GraphQLSchema;
  /** With what is @inaccessible: the types subgraphs answer with. */
  readonly fullSchema: GraphQLSchema;
  readonly rules: AccessRules;
  readonly dataKeyOf: DataKeyOf;
  readonly subgraphNames: readonly string[];
};

/** `sdl` without its security directives (see accessRules.ts), which `rules` were read from. */
export const loadSupergraph = (sdl: string, rules: AccessRules): LoadedSupergraph => {
  const supergraph = Supergraph.build(sdl, { validateSupergraph: false });
  const apiSchema = supergraph.apiSchema();
  const fullSchema = supergraph.schema.toGraphQLJSSchema();
  assertPrefixIsFree(fullSchema);
  return {
    supergraph,
    planner: new QueryPlanner(supergraph),
    apiSchema,
    schema: checkKnownScalars(apiSchema.toGraphQLJSSchema()),
    fullSchema,
    rules,
    dataKeyOf: createDataKeyOf(plannedNames(sdl)),
    subgraphNames: supergraph.subgraphsMetadata().map(({ name }) => name),
  };
};

export const loadSupergraphSdl = (sdl: string): LoadedSupergraph => {
  const { sdl: stripped, rules } = readAccessRules(sdl);
  return loadSupergraph(stripped, rules);
};

/** The subgraphs a supergraph names, and where it says they are (`@join__graph`). */
export const readSubgraphUrls = (sdl: string): readonly { readonly name: string; readonly url: string }[] =>
  Supergraph.build(readAccessRules(sdl).sdl, { validateSupergraph: false })
    .subgraphsMetadata()
    .map(({ name, url }) => ({ name, url }));

/** Every name inside a `key:`, `requires:` or `provides:` selection of the supergraph's join directives. */
const plannedNames = (sdl: string): ReadonlySet<string> => {
  const names = new Set<string>();
  for (const [, selection = ''] of sdl.matchAll(/\b(?:key|requires|provides): "((?:[^"\\]|\\.)*)"/g))
    for (const [name] of selection.matchAll(/[_A-Za-z]\w*/g)) names.add(name);
  return names;
};
