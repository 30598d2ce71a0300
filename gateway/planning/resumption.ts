import {
  type ArgumentNode,
  type FieldNode,
  type GraphQLField,
  type GraphQLSchema,
  getNamedType,
  getNullableType,
  isInterfaceType,
  isNonNullType,
  isObjectType,
  isScalarType,
  Kind,
  type OperationDefinitionNode,
  type SelectionNode,
  type ValueNode,
  type VariableDefinitionNode,
  valueFromASTUntyped,
  visit,
} from 'graphql';
import type { AccessRules } from '../access/accessRules.ts';
import type { Variables } from '../execution/conditions.ts';
import { type DataObject, getOwn, isObject } from '../execution/ownKeys.ts';

/**
 * How a subscription goes on where it was: by convention its root field takes `after`, and what it brings has a
 * `cursor`. The gateway asks for the cursor of every event, whether the client did or not, and can so begin again
 * after the last one.
 */
export type Resumption = {
  /** The variable of the source's request that says after which cursor to begin. */
  readonly variable: string;
  /** The cursor the client gave; undefined where it wants what comes from now on. */
  firstAfter(variables: Variables): unknown;
  /** The client's variables that say nothing but where to begin. */
  readonly placeVariables: ReadonlySet<string>;
  /** Where an event stands in its stream; null where it does not say. */
  cursorOf(event: DataObject): string | null;
};

/** No schema field begins so (see dataKeys.ts). */
export const resumptionPrefix = 'resume__';
const variable = `${resumptionPrefix}after`;
const cursorKey = `${resumptionPrefix}cursor`;

/** The operation as it is to be planned, and how it is resumed; null where it cannot be, or not for this caller. */
export const toResumable = (
  schema: GraphQLSchema,
  rules: AccessRules,
  operation: OperationDefinitionNode,
): { readonly operation: OperationDefinitionNode; readonly resumption: Resumption } | null => {
  const [selection, another] = operation.selectionSet.selections;
  if (operation.operation !== 'subscription' || selection === undefined || another !== undefined) return null;
  const field = rootFieldIn(selection);
  const definition = field && schema.getSubscriptionType()?.getFields()[field.name.value];
  const type = definition && afterTypeOf(definition, rules);
  if (!field || !type) return null;
  const definitions = operation.variableDefinitions ?? [];
  if (definitions.some(({ variable: { name } }) => name.value === variable)) return null;

  const given = field.arguments?.find(({ name }) => name.value === 'after')?.value;
  const places = new Set(
    given?.kind === Kind.VARIABLE && usesOf(operation, given.name.value) === 1 ? [given.name.value] : [],
  );
  const rootKey = field.alias?.value ?? field.name.value;
  return {
    operation: {
      ...operation,
      variableDefinitions: [
        ...definitions.filter(({ variable: { name } }) => !places.has(name.value)),
        definitionOf(type),
      ],
      selectionSet: { ...operation.selectionSet, selections: [replaced(selection, withCursor(field))] },
    },
    resumption: {
      variable,
      placeVariables: places,
      firstAfter: (variables) => givenValue(given, variables),
      cursorOf: (event) => {
        const root = getOwn(event, rootKey);
        const cursor = isObject(root) ? getOwn(root, cursorKey) : null;
        return typeof cursor === 'string' ? cursor : null;
      },
    },
  };
};

const usesOf = ({ selectionSet }: OperationDefinitionNode, name: string): number => {
  let uses = 0;
  visit(selectionSet, {
    Variable: (node) => {
      if (node.name.value === name) uses += 1;
    },
  });
  return uses;
};

/** The one root field, be it inside fragments; null where conditions decide about it. */
const rootFieldIn = (selection: SelectionNode): FieldNode | null => {
  if (selection.directives && selection.directives.length > 0) return null;
  if (selection.kind === Kind.FIELD) return selection;
  if (selection.kind !== Kind.INLINE_FRAGMENT) return null;
  const [inner, another] = selection.selectionSet.selections;
  return inner && !another ? rootFieldIn(inner) : null;
};

const replaced = (selection: SelectionNode, field: FieldNode): SelectionNode =>
  selection.kind === Kind.INLINE_FRAGMENT
    ? {
        ...selection,
        selectionSet: {
          ...selection.selectionSet,
          selections: selection.selectionSet.selections.map((inner) => replaced(inner, field)),
        },
      }
    : field;

/** The name of the type of `after`, where the field follows the convention and its cursors are nobody's secret. */
const afterTypeOf = (field: GraphQLField<unknown, unknown>, rules: AccessRules): string | null => {
  const after = field.args.find(({ name }) => name === 'after');
  const brought = getNullableType(field.type);
  if (!after || isNonNullType(after.type) || after.defaultValue !== undefined || !isScalarType(after.type)) return null;
  if (!isObjectType(brought) && !isInterfaceType(brought)) return null;
  const cursor = brought.getFields()['cursor'];
  if (!cursor || cursor.args.some(({ type }) => isNonNullType(type))) return null;
  if (!isScalarType(getNullableType(cursor.type))) return null;
  const guarded = rules.ofField(brought.name, 'cursor').length + rules.ofType(getNamedType(cursor.type).name).length;
  return guarded > 0 ? null : after.type.name;
};

const withCursor = (field: FieldNode): FieldNode => ({
  ...field,
  arguments: [...(field.arguments ?? []).filter(({ name }) => name.value !== 'after'), afterArgument],
  selectionSet: {
    kind: Kind.SELECTION_SET,
    selections: [
      ...(field.selectionSet?.selections ?? []),
      { kind: Kind.FIELD, alias: { kind: Kind.NAME, value: cursorKey }, name: { kind: Kind.NAME, value: 'cursor' } },
    ],
  },
});

const afterArgument: ArgumentNode = {
  kind: Kind.ARGUMENT,
  name: { kind: Kind.NAME, value: 'after' },
  value: { kind: Kind.VARIABLE, name: { kind: Kind.NAME, value: variable } },
};

const definitionOf = (type: string): VariableDefinitionNode => ({
  kind: Kind.VARIABLE_DEFINITION,
  variable: { kind: Kind.VARIABLE, name: { kind: Kind.NAME, value: variable } },
  type: { kind: Kind.NAMED_TYPE, name: { kind: Kind.NAME, value: type } },
});

const givenValue = (given: ValueNode | undefined, variables: Variables): unknown =>
  given === undefined ? undefined : (valueFromASTUntyped(given, { ...variables }) ?? undefined);
