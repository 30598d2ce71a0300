import { type ConstDirectiveNode, type DocumentNode, Kind } from 'graphql';
import { directiveArgument, textArgument } from '../planning/joinDirectives.ts';
import { linkedDirectives } from '../planning/linkedDirectives.ts';

/** What one @cacheControl says. `maxAge` in seconds; null where it is left to the field above or to the default. */
export type CacheHint = {
  readonly maxAge: number | null;
  readonly isPrivate: boolean | null;
  /** As old as the field above may be, where `maxAge` is not given. */
  readonly inherits: boolean;
};
/** A supergraph's @cacheControl, by `Type` and by `Type.field`. */
export type CacheHints = {
  hintOf(place: string): CacheHint | undefined;
  /** The longest `maxAge` of all; 0 where nothing may be kept. */
  readonly longestSeconds: number;
};

/** A directive of ours (kernel/cacheDirectives.ts); the address is a name and leads nowhere. */
const cachingSpec = 'https://parley.example/caching';

/**
 * Apollo's @cacheControl, composed under our address or under any other by its own name.
 * @throws where a directive says what cannot be: nothing is loaded then
 */
export const readCacheHints = (document: DocumentNode): CacheHints => {
  const ofCaching = linkedDirectives(document, cachingSpec);
  const hints = new Map<string, CacheHint>();
  const read = (place: string, directives: readonly ConstDirectiveNode[] = []): void => {
    for (const directive of directives)
      if ((ofCaching(directive) ?? directive.name.value) === 'cacheControl') hints.set(place, hintIn(directive, place));
  };
  for (const definition of document.definitions) {
    if (!('name' in definition) || definition.name === undefined || !('directives' in definition)) continue;
    const type = definition.name.value;
    read(type, definition.directives as readonly ConstDirectiveNode[] | undefined);
    if (!('fields' in definition)) continue;
    for (const field of definition.fields ?? [])
      if (field.kind === Kind.FIELD_DEFINITION) read(`${type}.${field.name.value}`, field.directives);
  }
  const longestSeconds = Math.max(0, ...[...hints.values()].map(({ maxAge }) => maxAge ?? 0));
  return { hintOf: (place) => hints.get(place), longestSeconds };
};

const hintIn = (directive: ConstDirectiveNode, place: string): CacheHint => {
  const given = directiveArgument(directive, 'maxAge');
  const maxAge = given?.kind === Kind.INT ? Number(given.value) : null;
  if (maxAge !== null && maxAge < 0) throw new Error(`@cacheControl on ${place}: maxAge is negative`);
  const scope = textArgument(directive, 'scope');
  if (scope !== undefined && scope !== 'PUBLIC' && scope !== 'PRIVATE')
    throw new Error(`@cacheControl on ${place}: scope is PUBLIC or PRIVATE, not ${scope}`);
  const inherit = directiveArgument(directive, 'inheritMaxAge');
  return {
    maxAge,
    isPrivate: scope === undefined ? null : scope === 'PRIVATE',
    inherits: inherit?.kind === Kind.BOOLEAN && inherit.value,
  };
};
