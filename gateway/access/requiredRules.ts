import { type ConstDirectiveNode, type DocumentNode, Kind, type SelectionSetNode, type TypeNode } from 'graphql';
import { directiveArgument, selectionOf, textArgument } from '../planning/joinDirectives.ts';
import type { Requirement } from './accessRules.ts';

type Rules = { readonly types: Map<string, Requirement[]>; readonly fields: Map<string, Requirement[]> };

/**
 * What a field is made of is as secret as it: a field with @requires or @fromContext asks of the caller what the fields
 * it is given ask (C18). Composition has demanded that since 2.12.1; supergraphs composed before, or by others, need not
 * hold to it. Adds to `rules`.
 */
export const addRequiredRules = (document: DocumentNode, { types, fields }: Rules): void => {
  if (types.size === 0 && fields.size === 0) return;
  const fieldTypes = new Map<string, string>();
  const contexts = new Map<string, string[]>();
  const needs: { readonly place: string; readonly type: string; readonly selection: SelectionSetNode }[] = [];
  for (const definition of document.definitions) {
    if (
      definition.kind !== Kind.OBJECT_TYPE_DEFINITION &&
      definition.kind !== Kind.INTERFACE_TYPE_DEFINITION &&
      definition.kind !== Kind.UNION_TYPE_DEFINITION
    )
      continue;
    for (const directive of definition.directives ?? []) {
      const name = directive.name.value === 'context' ? textArgument(directive, 'name') : undefined;
      if (name !== undefined) contexts.set(name, [...(contexts.get(name) ?? []), definition.name.value]);
    }
  }
  for (const definition of document.definitions) {
    if (definition.kind !== Kind.OBJECT_TYPE_DEFINITION && definition.kind !== Kind.INTERFACE_TYPE_DEFINITION) continue;
    const type = definition.name.value;
    for (const field of definition.fields ?? []) {
      const place = `${type}.${field.name.value}`;
      fieldTypes.set(place, namedType(field.type));
      for (const directive of field.directives ?? []) {
        if (directive.name.value !== 'join__field') continue;
        const required = textArgument(directive, 'requires');
        if (required !== undefined) needs.push({ place, type, selection: selectionOf(required) });
        for (const { context, selection } of contextArguments(directive))
          for (const setter of contexts.get(context) ?? []) needs.push({ place, type: setter, selection });
      }
    }
  }

  const collect = (type: string, { selections }: SelectionSetNode, found: Map<string, Requirement>): void => {
    for (const selection of selections) {
      if (selection.kind === Kind.INLINE_FRAGMENT) {
        const narrowed = selection.typeCondition?.name.value ?? type;
        for (const one of types.get(narrowed) ?? []) found.set(one.key, one);
        collect(narrowed, selection.selectionSet, found);
      }
      if (selection.kind !== Kind.FIELD) continue;
      const place = `${type}.${selection.name.value}`;
      const returned = fieldTypes.get(place);
      for (const one of fields.get(place) ?? []) found.set(one.key, one);
      if (returned === undefined) continue;
      for (const one of types.get(returned) ?? []) found.set(one.key, one);
      if (selection.selectionSet) collect(returned, selection.selectionSet, found);
    }
  };
  // What is required may itself be made of others: again until nothing is added.
  for (let isGrowing = true; isGrowing; ) {
    isGrowing = false;
    for (const { place, type, selection } of needs) {
      const own = fields.get(place) ?? [];
      const found = new Map(own.map((one) => [one.key, one]));
      collect(type, selection, found);
      if (found.size === own.length) continue;
      fields.set(place, [...found.values()]);
      isGrowing = true;
    }
  }
};

const namedType = (type: TypeNode): string => (type.kind === Kind.NAMED_TYPE ? type.name.value : namedType(type.type));

const contextArguments = (directive: ConstDirectiveNode): { context: string; selection: SelectionSetNode }[] => {
  const value = directiveArgument(directive, 'contextArguments');
  if (value?.kind !== Kind.LIST) return [];
  return value.values.flatMap((item) => {
    if (item.kind !== Kind.OBJECT) return [];
    const read = (name: string): string => {
      const given = item.fields.find((field) => field.name.value === name)?.value;
      return given?.kind === Kind.STRING ? given.value : '';
    };
    const text = read('selection').trim();
    return text === '' ? [] : [{ context: read('context'), selection: selectionOf(withoutBraces(text)) }];
  });
};

const withoutBraces = (text: string): string => (text.startsWith('{') ? text.slice(1, -1) : text);
