import {
  type ArgumentNode,
  type ConstDirectiveNode,
  type DocumentNode,
  type FieldDefinitionNode,
  type InterfaceTypeDefinitionNode,
  Kind,
  type ObjectTypeDefinitionNode,
  print,
  type SelectionNode,
  type SelectionSetNode,
  type TypeNode,
} from 'graphql';
import { graphNames, selectionOf, textArgument } from './joinDirectives.ts';

/** A field together with arguments it is always asked with. */
export type FixedField = { readonly field: string; readonly arguments: readonly ArgumentNode[] };
/** What a field of a type requires in a subgraph: dotted path of a leaf, or of a field with arguments → its name. */
export type Uses = ReadonlyMap<string, string>;
export type FixedArguments = {
  /** By the name the planner knows it under. */
  readonly fields: ReadonlyMap<string, FixedField>;
  usesOf(subgraph: string, type: string, field: string): Uses;
};

/** No field of a schema may begin so. */
export const fixedPrefix = 'r__';

type FieldsNode = ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode;
type Needed = { readonly type: string; readonly field: string; readonly name: string };

const none: Uses = new Map();

/**
 * A @requires may name a field with arguments, `price(currency: "EUR")`. The planner asks for it under its plain name,
 * so two such requirements, or one and the client's own `price`, become one key with one of the answers. Each such field
 * is therefore a field of its own to the planner, without arguments; what is sent to subgraphs has the real one again.
 */
export const fixRequiredArguments = (document: DocumentNode): { document: DocumentNode; fixed: FixedArguments } => {
  const types = new Map<string, FieldsNode>();
  for (const definition of document.definitions)
    if (definition.kind === Kind.OBJECT_TYPE_DEFINITION || definition.kind === Kind.INTERFACE_TYPE_DEFINITION)
      types.set(definition.name.value, definition);
  const names = graphNames(document);
  const fields = new Map<string, FixedField>();
  const uses = new Map<string, Uses>();
  const needed: Needed[] = [];
  const nameOf = (field: string, args: readonly ArgumentNode[]): string => {
    const key = `${field}(${args.map(print).toSorted().join()})`;
    const known = [...fields].find(
      ([, other]) => `${other.field}(${other.arguments.map(print).toSorted().join()})` === key,
    );
    const name = known?.[0] ?? `${fixedPrefix}${field}_${fields.size}`;
    fields.set(name, { field, arguments: args });
    return name;
  };

  const fixSet = (set: SelectionSetNode, type: string, path: readonly string[], found: Map<string, string>) => ({
    ...set,
    selections: set.selections.map((selection) => fixSelection(selection, type, path, found)),
  });
  const fixSelection = (
    selection: SelectionNode,
    type: string,
    path: readonly string[],
    found: Map<string, string>,
  ): SelectionNode => {
    if (selection.kind === Kind.INLINE_FRAGMENT)
      return {
        ...selection,
        selectionSet: fixSet(selection.selectionSet, selection.typeCondition?.name.value ?? type, path, found),
      };
    if (selection.kind === Kind.FRAGMENT_SPREAD) return selection;
    const field = selection.name.value;
    const { arguments: args = [], selectionSet, ...rest } = selection;
    const here = [...path, field];
    const inner = typeNameOf(types.get(type)?.fields?.find(({ name }) => name.value === field)?.type);
    const fixedSet = selectionSet ? { selectionSet: fixSet(selectionSet, inner, here, found) } : {};
    if (args.length === 0) {
      if (!selectionSet) found.set(here.join('.'), field);
      return { ...rest, ...fixedSet };
    }
    const name = nameOf(field, args);
    needed.push({ type, field, name });
    found.set(here.join('.'), name);
    return { ...rest, ...fixedSet, name: { kind: Kind.NAME, value: name } };
  };

  const fixField = (type: string, field: FieldDefinitionNode): FieldDefinitionNode => ({
    ...field,
    directives: (field.directives ?? []).map((directive): ConstDirectiveNode => {
      const requires = directive.name.value === 'join__field' ? textArgument(directive, 'requires') : undefined;
      if (requires === undefined) return directive;
      const found = new Map<string, string>();
      const selection = fixSet(selectionOf(requires), type, [], found);
      const graph = names.get(textArgument(directive, 'graph') ?? '') ?? '';
      uses.set(`${graph}/${type}.${field.name.value}`, found);
      const value = { kind: Kind.STRING, value: selection.selections.map(print).join(' ') } as const;
      return {
        ...directive,
        arguments: (directive.arguments ?? []).map((argument) =>
          argument.name.value === 'requires' ? { ...argument, value } : argument,
        ),
      };
    }),
  });
  for (const [name, type] of types)
    types.set(name, { ...type, fields: (type.fields ?? []).map((field) => fixField(name, field)) });

  for (const { type, field, name } of needed)
    for (const [owner, node] of types)
      if (owner === type || node.interfaces?.some((implemented) => implemented.name.value === type))
        types.set(owner, withField(node, field, name));
  const fixed: FixedArguments = {
    fields,
    usesOf: (subgraph, type, field) => uses.get(`${subgraph}/${type}.${field}`) ?? none,
  };
  const definitions = document.definitions.map((definition) =>
    definition.kind === Kind.OBJECT_TYPE_DEFINITION || definition.kind === Kind.INTERFACE_TYPE_DEFINITION
      ? (types.get(definition.name.value) ?? definition)
      : definition,
  );
  return { document: { ...document, definitions }, fixed };
};

const withField = (node: FieldsNode, field: string, name: string): FieldsNode => {
  const original = node.fields?.find((candidate) => candidate.name.value === field);
  if (!original || node.fields?.some((candidate) => candidate.name.value === name)) return node;
  const { arguments: _arguments, ...rest } = original;
  return { ...node, fields: [...(node.fields ?? []), { ...rest, name: { kind: Kind.NAME, value: name } }] };
};

const typeNameOf = (type: TypeNode | undefined): string => {
  if (type === undefined) return '';
  return type.kind === Kind.NAMED_TYPE ? type.name.value : typeNameOf(type.type);
};
