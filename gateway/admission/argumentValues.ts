import { type FieldNode, type GraphQLField, Kind, type ValueNode, valueFromAST } from 'graphql';
import type { Variables } from '../execution/conditions.ts';

export type ArgumentValues = {
  /** The arguments the operation writes down. */
  readonly given: ReadonlySet<string>;
  /** Their values and the schema's defaults; what cannot be had is left out. */
  of(variables: Variables): Readonly<Record<string, unknown>>;
};

/** A field's arguments; literals are read once. */
export const compileArguments = (node: FieldNode, field: GraphQLField<unknown, unknown>): ArgumentValues => {
  const fixed: Record<string, unknown> = Object.create(null);
  const varying: ((values: Record<string, unknown>, variables: Variables) => void)[] = [];
  const given = new Set<string>();
  for (const { name, type, defaultValue } of field.args) {
    if (defaultValue !== undefined) fixed[name] = defaultValue;
    const written = node.arguments?.find((argument) => argument.name.value === name)?.value;
    if (written === undefined) continue;
    given.add(name);
    if (!hasVariable(written)) fixed[name] = valueFromAST(written, type);
    else if (written.kind === Kind.VARIABLE)
      varying.push((values, variables) => {
        const value = variables[written.name.value];
        if (value !== undefined) values[name] = value;
      });
    else
      varying.push((values, variables) => {
        values[name] = valueFromAST(written, type, variables);
      });
  }
  const of = (variables: Variables): Readonly<Record<string, unknown>> => {
    const values: Record<string, unknown> = Object.assign(Object.create(null), fixed);
    for (const read of varying) read(values, variables);
    return values;
  };
  return { given, of: varying.length === 0 ? () => fixed : of };
};

export const hasVariable = (value: ValueNode): boolean => {
  if (value.kind === Kind.VARIABLE) return true;
  if (value.kind === Kind.LIST) return value.values.some(hasVariable);
  return value.kind === Kind.OBJECT && value.fields.some((field) => hasVariable(field.value));
};
