import { hash } from 'node:crypto';
import { Supergraph } from '@apollo/federation-internals';
import { QueryPlanner } from '@apollo/query-planner';
import { type GraphQLSchema, parse } from 'graphql';
import { type AccessRules, readAccessRules } from '../access/accessRules.ts';
import { type CostRules, readCostRules } from '../admission/costRules.ts';
import { type CacheHints, readCacheHints } from '../caching/cacheHints.ts';
import { assertPrefixesAreFree, createDataKeyOf, type DataKeyOf } from './dataKeys.ts';
import type { FixedArguments } from './fixedArguments.ts';
import type { JoinFacts } from './joinFacts.ts';
import { checkKnownScalars } from './knownScalars.ts';
import { toPlannable } from './plannableSupergraph.ts';

/** Everything derived from one supergraph SDL. Replaced as a whole when another one is loaded. */
export type LoadedSupergraph = {
  readonly planner: QueryPlanner;
  /** The public schema, as the planner knows it. */
  readonly apiSchema: ReturnType<Supergraph['apiSchema']>;
  /** The public schema, as graphql-js knows it. */
  readonly schema: GraphQLSchema;
  /** With what is @inaccessible: the types subgraphs answer with. */
  readonly fullSchema: GraphQLSchema;
  readonly rules: AccessRules;
  readonly costs: CostRules;
  readonly hints: CacheHints;
  /** Of its text. */
  readonly fingerprint: string;
  readonly dataKeyOf: DataKeyOf;
  readonly fixed: FixedArguments;
  readonly facts: JoinFacts;
  readonly subgraphNames: readonly string[];
};

/** `sdl` without its security directives (see accessRules.ts), which `rules` were read from. */
export const loadSupergraph = (sdl: string, rules: AccessRules): LoadedSupergraph => {
  const supergraph = Supergraph.build(sdl, { validateSupergraph: false });
  const fullSchema = supergraph.schema.toGraphQLJSSchema();
  assertPrefixesAreFree(fullSchema);
  const { sdl: plannable, fixed, facts } = toPlannable(sdl);
  const planned = plannable === sdl ? supergraph : Supergraph.build(plannable, { validateSupergraph: false });
  const document = parse(sdl, { noLocation: true });
  return {
    planner: new QueryPlanner(planned),
    apiSchema: planned.apiSchema(),
    schema: checkKnownScalars(supergraph.apiSchema().toGraphQLJSSchema()),
    fullSchema,
    rules,
    costs: readCostRules(document),
    hints: readCacheHints(document),
    fingerprint: hash('sha256', sdl, 'base64url'),
    dataKeyOf: createDataKeyOf(plannedNames(sdl)),
    fixed,
    facts,
    subgraphNames: supergraph.subgraphsMetadata().map(({ name }) => name),
  };
};

export const loadSupergraphSdl = (text: string): LoadedSupergraph => {
  const { sdl, rules } = readSupergraph(text);
  return loadSupergraph(sdl, rules);
};

/**
 * A supergraph's text without what Apollo's gateway refuses to load because it does not know it: security directives,
 * returned as rules, and that @context is a feature one must know. Our executor enforces both.
 */
export const readSupergraph = (text: string): { readonly sdl: string; readonly rules: AccessRules } => {
  const { sdl, rules } = readAccessRules(text);
  return {
    sdl: sdl.replace(/(@link\(url: "https:\/\/specs\.apollo\.dev\/context\/[^)]*?), for: SECURITY/, '$1'),
    rules,
  };
};

/** The subgraphs a supergraph names, and where it says they are (`@join__graph`). */
export const readSubgraphUrls = (sdl: string): readonly { readonly name: string; readonly url: string }[] =>
  Supergraph.build(readSupergraph(sdl).sdl, { validateSupergraph: false })
    .subgraphsMetadata()
    .map(({ name, url }) => ({ name, url }));

/** Every name inside a `key:`, `requires:`, `provides:` or context selection of the supergraph's join directives. */
const plannedNames = (sdl: string): ReadonlySet<string> => {
  const names = new Set<string>();
  for (const [, selection = ''] of sdl.matchAll(/\b(?:key|requires|provides|selection): "((?:[^"\\]|\\.)*)"/g))
    for (const [name] of selection.matchAll(/[_A-Za-z]\w*/g)) names.add(name);
  return names;
};
