import {
  type ConstDirectiveNode,
  type DefinitionNode,
  type DocumentNode,
  Kind,
  parse,
  print,
  type SchemaDefinitionNode,
  visit,
} from 'graphql';
import { addRequiredRules } from './requiredRules.ts';

/** What a field or type asks of the caller: an identity, and of scopes or policies all of one set. */
export type Requirement = {
  readonly key: string;
  readonly of: 'identity' | 'scopes' | 'policies';
  readonly anyOf: readonly (readonly string[])[];
};

/** The supergraph's @authenticated, @requiresScopes and @policy, by the names they guard. */
export type AccessRules = {
  ofType(type: string): readonly Requirement[];
  ofField(type: string, field: string): readonly Requirement[];
};

const specs = 'https://specs.apollo.dev/';
const authenticated = 'authenticated';
const requiresScopes = 'requiresScopes';
const policy = 'policy';
const identities: readonly string[] = [authenticated, requiresScopes, policy];

/**
 * Takes the security directives out of a supergraph, because Apollo's gateway refuses to load one it cannot enforce,
 * and returns them as rules. A directive is found by the spec it links, whatever name it was given (C19).
 */
export const readAccessRules = (sdl: string): { sdl: string; rules: AccessRules } => {
  const document = parse(sdl, { noLocation: true });
  const linked = linkedSpecs(document);
  const types = new Map<string, Requirement[]>();
  const fields = new Map<string, Requirement[]>();
  for (const definition of document.definitions) {
    if (!('name' in definition) || definition.name === undefined) continue;
    const type = definition.name.value;
    append(types, type, requirementsIn(directivesOf(definition), linked));
    if (!('fields' in definition)) continue;
    for (const field of definition.fields ?? [])
      append(fields, `${type}.${field.name.value}`, requirementsIn(field.directives ?? [], linked));
  }
  addRequiredRules(document, { types, fields });
  return {
    sdl: print(withoutSpecs(document, linked)),
    rules: {
      ofType: (type) => types.get(type) ?? none,
      ofField: (type, field) => fields.get(`${type}.${field}`) ?? none,
    },
  };
};

const none: readonly Requirement[] = [];

const append = (map: Map<string, Requirement[]>, key: string, requirements: Requirement[]): void => {
  if (requirements.length > 0) map.set(key, [...(map.get(key) ?? []), ...requirements]);
};

const directivesOf = (definition: DefinitionNode): readonly ConstDirectiveNode[] =>
  ('directives' in definition ? (definition.directives as readonly ConstDirectiveNode[] | undefined) : undefined) ?? [];

/** Directive name in this document → identity of its security spec. */
const linkedSpecs = (document: DocumentNode): Map<string, string> => {
  const linked = new Map<string, string>();
  for (const definition of document.definitions) {
    if (definition.kind !== Kind.SCHEMA_DEFINITION && definition.kind !== Kind.SCHEMA_EXTENSION) continue;
    for (const directive of definition.directives ?? []) {
      const identity = identityOf(stringArgument(directive, 'url'));
      if (identity === null) continue;
      const namespace = stringArgument(directive, 'as') ?? identity;
      // A spec's own directive carries the namespace's name; under a prefix, or renamed by import, it is also ours.
      linked.set(namespace, identity);
      linked.set(`${namespace}__${identity}`, identity);
      for (const alias of importedNames(directive, identity)) linked.set(alias, identity);
    }
  }
  return linked;
};

const identityOf = (url: string | null): string | null => {
  if (url === null || !url.startsWith(specs)) return null;
  const name = url.slice(specs.length).split('/')[0] ?? '';
  return identities.includes(name) ? name : null;
};

const importedNames = (link: ConstDirectiveNode, identity: string): string[] => {
  const value = link.arguments?.find((argument) => argument.name.value === 'import')?.value;
  if (value?.kind !== Kind.LIST) return [];
  return value.values.flatMap((item) => {
    if (item.kind !== Kind.OBJECT) return [];
    const read = (name: string): string | null => {
      const field = item.fields.find((candidate) => candidate.name.value === name)?.value;
      return field?.kind === Kind.STRING ? field.value : null;
    };
    const alias = read('as');
    return read('name') === `@${identity}` && alias !== null ? [alias.replace(/^@/, '')] : [];
  });
};

const stringArgument = (directive: ConstDirectiveNode, name: string): string | null => {
  const value = directive.arguments?.find((argument) => argument.name.value === name)?.value;
  return value?.kind === Kind.STRING ? value.value : null;
};

const requirementsIn = (
  directives: readonly ConstDirectiveNode[],
  linked: ReadonlyMap<string, string>,
): Requirement[] =>
  directives.flatMap((directive): Requirement[] => {
    const identity = linked.get(directive.name.value);
    if (identity === authenticated) return [{ key: authenticated, of: 'identity', anyOf: [] }];
    if (identity !== requiresScopes && identity !== policy) return [];
    const of = identity === requiresScopes ? 'scopes' : 'policies';
    const anyOf = setsArgument(directive, of);
    return [{ key: `${of} ${JSON.stringify(anyOf)}`, of, anyOf }];
  });

const setsArgument = (directive: ConstDirectiveNode, name: string): string[][] => {
  const value = directive.arguments?.find((argument) => argument.name.value === name)?.value;
  const sets = value?.kind === Kind.LIST ? value.values : [];
  return sets.map((set) =>
    (set.kind === Kind.LIST ? set.values : [set]).flatMap((item) => (item.kind === Kind.STRING ? [item.value] : [])),
  );
};

const withoutSpecs = (document: DocumentNode, linked: ReadonlyMap<string, string>): DocumentNode => {
  const isOurs = (name: string): boolean =>
    linked.has(name) || [...linked.keys()].some((key) => name.startsWith(`${key}__`));
  const isSecurityLink = (directive: ConstDirectiveNode): boolean =>
    identityOf(stringArgument(directive, 'url')) !== null;
  const withoutLinks = <T extends Pick<SchemaDefinitionNode, 'directives'>>(node: T): T => ({
    ...node,
    directives: (node.directives ?? []).filter((directive) => !isSecurityLink(directive)),
  });
  return visit(document, {
    SchemaDefinition: withoutLinks,
    SchemaExtension: (node) => ({
      ...node,
      directives: (node.directives ?? []).filter((directive) => !isSecurityLink(directive)),
    }),
    DirectiveDefinition: (node) => (isOurs(node.name.value) ? null : undefined),
    ScalarTypeDefinition: (node) => (isOurs(node.name.value) ? null : undefined),
    Directive: (node) => (linked.has(node.name.value) ? null : undefined),
  });
};
