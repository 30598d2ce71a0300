import type { ConstDirectiveNode, ConstValueNode, DocumentNode } from 'graphql';
import { Kind } from 'graphql';

/** Reads the directives a supergraph says its composition with (specs.apollo.dev/join). */
export const directiveArgument = (directive: ConstDirectiveNode, name: string): ConstValueNode | undefined =>
  directive.arguments?.find((argument) => argument.name.value === name)?.value;

export const textArgument = (directive: ConstDirectiveNode, name: string): string | undefined => {
  const value = directiveArgument(directive, name);
  return value?.kind === Kind.STRING || value?.kind === Kind.ENUM ? value.value : undefined;
};

/** Names of subgraphs by their enum values in `join__Graph`. */
export const graphNames = (document: DocumentNode): ReadonlyMap<string, string> => {
  const names = new Map<string, string>();
  for (const definition of document.definitions) {
    if (definition.kind !== Kind.ENUM_TYPE_DEFINITION || definition.name.value !== 'join__Graph') continue;
    for (const { name, directives = [] } of definition.values ?? []) {
      const graph = directives.find((directive) => directive.name.value === 'join__graph');
      names.set(name.value, (graph && textArgument(graph, 'name')) ?? name.value);
    }
  }
  return names;
};
