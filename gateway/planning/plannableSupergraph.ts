import { type ConstDirectiveNode, type DocumentNode, Kind, parse, print, visit } from 'graphql';
import { type FixedArguments, fixRequiredArguments } from './fixedArguments.ts';
import { directiveArgument } from './joinDirectives.ts';
import { type JoinFacts, readJoinFacts } from './joinFacts.ts';

/** A supergraph as the planner is given it, where it would plan wrongly on the text as it stands. */
export type PlannableSupergraph = {
  readonly sdl: string;
  readonly fixed: FixedArguments;
  readonly facts: JoinFacts;
};

/** Returns the very same text where nothing is wrong with it, as with most supergraphs. */
export const toPlannable = (sdl: string): PlannableSupergraph => {
  const given = parse(sdl, { noLocation: true });
  const { document, fixed } = fixRequiredArguments(given);
  const plannable = withoutNeedlessKeys(document);
  const isUnchanged = fixed.fields.size === 0 && directivesIn(plannable) === directivesIn(given);
  return { sdl: isUnchanged ? sdl : print(plannable), fixed, facts: readJoinFacts(plannable) };
};

const directivesIn = (document: DocumentNode): number => {
  let count = 0;
  visit(document, {
    Directive: () => {
      count += 1;
    },
  });
  return count;
};

/**
 * To come back to a subgraph with what a @requires needs, the planner takes the first key that can be had there, also
 * one by which that subgraph cannot be asked. So such a key is left out wherever the subgraph has another.
 */
const withoutNeedlessKeys = (document: DocumentNode): DocumentNode => {
  const prune = <T extends { readonly directives?: readonly ConstDirectiveNode[] }>(node: T): T => {
    const keys = (node.directives ?? []).filter((directive) => directive.name.value === 'join__type');
    const isResolvable = (key: ConstDirectiveNode): boolean => {
      const value = directiveArgument(key, 'resolvable');
      return directiveArgument(key, 'key') !== undefined && !(value?.kind === Kind.BOOLEAN && !value.value);
    };
    const graphOf = (key: ConstDirectiveNode): string => {
      const value = directiveArgument(key, 'graph');
      return value?.kind === Kind.ENUM ? value.value : '';
    };
    const open = new Set(keys.filter(isResolvable).map(graphOf));
    return {
      ...node,
      directives: (node.directives ?? []).filter(
        (directive) => !keys.includes(directive) || isResolvable(directive) || !open.has(graphOf(directive)),
      ),
    };
  };
  return visit(document, { ObjectTypeDefinition: prune, InterfaceTypeDefinition: prune });
};
