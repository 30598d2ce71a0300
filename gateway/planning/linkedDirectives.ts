import { type ConstDirectiveNode, type DocumentNode, Kind } from 'graphql';
import { directiveArgument, textArgument } from './joinDirectives.ts';

/** What a directive of this document is called in the specification it was taken from; undefined for one of another. */
export type NameInSpec = (directive: ConstDirectiveNode) => string | undefined;

/**
 * The directives a supergraph takes from one specification, `spec` being its URL without the version. By the rules of
 * https://specs.apollo.dev/link/v1.0: imported, imported under another name, or behind a prefix (C19).
 */
export const linkedDirectives = (document: DocumentNode, spec: string): NameInSpec => {
  const names = new Map<string, string>();
  const prefixes: string[] = [];
  for (const definition of document.definitions) {
    if (definition.kind !== Kind.SCHEMA_DEFINITION && definition.kind !== Kind.SCHEMA_EXTENSION) continue;
    for (const link of definition.directives ?? []) {
      if (!textArgument(link, 'url')?.startsWith(`${spec}/v`)) continue;
      const own = spec.slice(spec.lastIndexOf('/') + 1);
      const prefix = textArgument(link, 'as') ?? own;
      prefixes.push(`${prefix}__`);
      names.set(prefix, own);
      for (const [name, alias] of importsOf(link)) names.set(alias, name);
    }
  }
  return ({ name: { value } }) => {
    const prefix = prefixes.find((one) => value.startsWith(one));
    return names.get(value) ?? (prefix && value.slice(prefix.length));
  };
};

const importsOf = (link: ConstDirectiveNode): [name: string, alias: string][] => {
  const imports = directiveArgument(link, 'import');
  if (imports?.kind !== Kind.LIST) return [];
  return imports.values.flatMap((item): [string, string][] => {
    const read = (key: string): string | undefined => {
      if (item.kind === Kind.STRING) return item.value;
      const value = item.kind === Kind.OBJECT && item.fields.find((field) => field.name.value === key)?.value;
      return value && value.kind === Kind.STRING ? value.value : undefined;
    };
    const name = read('name') ?? '';
    return name.startsWith('@') ? [[name.slice(1), (read('as') ?? name).replace(/^@/, '')]] : [];
  });
};
