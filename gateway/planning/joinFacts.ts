import { type DocumentNode, Kind } from 'graphql';
import { directiveArgument, graphNames, selectionOf, textArgument } from './joinDirectives.ts';

/** What a supergraph says of who can give what. Subgraphs by name. */
export type JoinFacts = {
  /** Whether a subgraph only knows of a field, without being able to give it. */
  isExternal(subgraph: string, type: string, field: string): boolean;
  /** The top fields of what a field of a subgraph gives beside what its type there can. */
  providedBy(subgraph: string, type: string, field: string): readonly string[];
  /** The subgraphs that can give a field; none for a field of which nothing is said. */
  giversOf(type: string, field: string): readonly string[];
  /** A subgraph that gives a field of an entity it can be asked for by scalars, and those. */
  giverOf(type: string, field: string): { readonly subgraph: string; readonly key: readonly string[] } | null;
};

export const readJoinFacts = (document: DocumentNode): JoinFacts => {
  const names = graphNames(document);
  const externals = new Set<string>();
  const provided = new Map<string, readonly string[]>();
  const givers = new Map<string, readonly string[]>();
  const keys = new Map<string, readonly string[]>();
  for (const type of document.definitions) {
    if (type.kind !== Kind.OBJECT_TYPE_DEFINITION && type.kind !== Kind.INTERFACE_TYPE_DEFINITION) continue;
    const members: string[] = [];
    for (const directive of type.directives ?? []) {
      if (directive.name.value !== 'join__type') continue;
      const subgraph = names.get(textArgument(directive, 'graph') ?? '') ?? '';
      const key = textArgument(directive, 'key');
      const resolvable = directiveArgument(directive, 'resolvable');
      members.push(subgraph);
      if (key === undefined || (resolvable?.kind === Kind.BOOLEAN && !resolvable.value)) continue;
      const place = `${subgraph}/${type.name.value}`;
      if (!key.includes('{') && !keys.has(place)) keys.set(place, topNames(key));
    }
    for (const field of type.fields ?? []) {
      const joined = (field.directives ?? []).filter((directive) => directive.name.value === 'join__field');
      const able: string[] = [];
      for (const directive of joined) {
        const subgraph = names.get(textArgument(directive, 'graph') ?? '') ?? '';
        const place = `${subgraph}/${type.name.value}.${field.name.value}`;
        const external = directiveArgument(directive, 'external');
        const provides = textArgument(directive, 'provides');
        if (external?.kind === Kind.BOOLEAN && external.value) externals.add(place);
        else able.push(subgraph);
        if (provides !== undefined) provided.set(place, topNames(provides));
      }
      givers.set(`${type.name.value}.${field.name.value}`, joined.length > 0 ? able : members);
    }
  }
  return {
    isExternal: (subgraph, type, field) => externals.has(`${subgraph}/${type}.${field}`),
    providedBy: (subgraph, type, field) => provided.get(`${subgraph}/${type}.${field}`) ?? [],
    giversOf: (type, field) => givers.get(`${type}.${field}`) ?? [],
    giverOf: (type, field) => {
      for (const subgraph of givers.get(`${type}.${field}`) ?? []) {
        const key = keys.get(`${subgraph}/${type}`);
        if (key) return { subgraph, key };
      }
      return null;
    },
  };
};

const topNames = (selection: string): readonly string[] =>
  selectionOf(selection).selections.flatMap((field) => (field.kind === Kind.FIELD ? [field.name.value] : []));
