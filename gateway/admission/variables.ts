import {
  coerceInputValue,
  type GraphQLError,
  type GraphQLSchema,
  isInputType,
  isNonNullType,
  type OperationDefinitionNode,
  print,
  typeFromAST,
  valueFromAST,
} from 'graphql';
import { refusal } from '../errors.ts';
import type { Variables } from '../execution/conditions.ts';
import { withoutInput } from './wording.ts';

export type CoerceVariables = (given: Readonly<Record<string, unknown>>) => Variables | GraphQLError;

/** CoerceVariableValues (spec §6.1.2). Stops at the first wrong value and never repeats the value itself (B15). */
export const compileVariables = (schema: GraphQLSchema, operation: OperationDefinitionNode): CoerceVariables => {
  const definitions = (operation.variableDefinitions ?? []).map((definition) => {
    const type = typeFromAST(schema, definition.type);
    const name = definition.variable.name.value;
    if (!isInputType(type)) throw new Error(`variable $${name} is not of an input type`);
    const fallback = definition.defaultValue ? valueFromAST(definition.defaultValue, type) : undefined;
    return { name, type, fallback, typeText: print(definition.type) };
  });
  const wrong = (message: string): GraphQLError => refusal('BAD_USER_INPUT', message);

  return (given) => {
    const coerced: Record<string, unknown> = Object.create(null);
    for (const { name, type, fallback, typeText } of definitions) {
      const value = Object.hasOwn(given, name) ? given[name] : undefined;
      if (value === undefined && fallback !== undefined) coerced[name] = fallback;
      else if (value === undefined || value === null) {
        if (isNonNullType(type)) return wrong(`Variable "$${name}" of required type "${typeText}" was not provided.`);
        if (value === null) coerced[name] = null;
      } else {
        let problem: GraphQLError | null = null;
        const result = coerceInputValue(value, type, (path, _value, error) => {
          problem ??= wrong(
            `Variable "$${name}" got an invalid value${path.length > 0 ? ` at "${[name, ...path].join('.')}"` : ''}: ${withoutInput(error.message)}`,
          );
        });
        if (problem !== null) return problem;
        coerced[name] = result;
      }
    }
    return coerced;
  };
};
