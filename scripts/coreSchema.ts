import {
  type GraphQLArgument,
  type GraphQLInputField,
  type GraphQLNamedType,
  type GraphQLSchema,
  type GraphQLType,
  isEnumType,
  isInputObjectType,
  isIntrospectionType,
  isListType,
  isNonNullType,
  isObjectType,
  isRequiredArgument,
  isRequiredInputField,
  isSpecifiedScalarType,
  isUnionType,
} from 'graphql';

/**
 * What of `core` the schema does not have, or no longer in a way that core's clients can use: every type, field, argument,
 * input field, enum value and union member. It may have more; what it adds to inputs must be optional.
 */
export const missingFrom = (core: GraphQLSchema, schema: GraphQLSchema): string[] =>
  Object.values(core.getTypeMap())
    .filter((type) => !isIntrospectionType(type) && !isSpecifiedScalarType(type))
    .flatMap((type) => {
      const actual = schema.getType(type.name);
      return actual === undefined ? [`type ${type.name} is missing`] : inType(type, actual);
    });

const inType = (core: GraphQLNamedType, actual: GraphQLNamedType): string[] => {
  const { name } = core;
  if (core.constructor.name !== actual.constructor.name) return [`${name} is of another kind`];
  if (isEnumType(core) && isEnumType(actual))
    return core
      .getValues()
      .flatMap((value) => (actual.getValue(value.name) ? [] : [`enum value ${name}.${value.name} is missing`]));
  if (isUnionType(core) && isUnionType(actual)) {
    const members = new Set(actual.getTypes().map((member) => member.name));
    return core
      .getTypes()
      .flatMap((member) => (members.has(member.name) ? [] : [`${name} no longer includes ${member.name}`]));
  }
  if (isInputObjectType(core) && isInputObjectType(actual)) {
    const fields = actual.getFields();
    return [
      ...Object.values(core.getFields()).flatMap((field) =>
        inInput(`${name}.${field.name}`, field, fields[field.name]),
      ),
      ...Object.values(fields)
        .filter((field) => core.getFields()[field.name] === undefined && isRequiredInputField(field))
        .map((field) => `${name}.${field.name} is required and not of the core`),
    ];
  }
  if (isObjectType(core) && isObjectType(actual)) {
    const fields = actual.getFields();
    return Object.values(core.getFields()).flatMap((field) => {
      const at = `${name}.${field.name}`;
      const found = fields[field.name];
      if (found === undefined) return [`field ${at} is missing`];
      return [
        ...(outputFits(field.type, found.type) ? [] : [`${at} is ${found.type}, not ${field.type}`]),
        ...field.args.flatMap((argument) =>
          inInput(
            `${at}(${argument.name})`,
            argument,
            found.args.find((other) => other.name === argument.name),
          ),
        ),
        ...found.args
          .filter(
            (argument) => isRequiredArgument(argument) && !field.args.some((other) => other.name === argument.name),
          )
          .map((argument) => `${at}(${argument.name}) is required and not of the core`),
      ];
    });
  }
  return [];
};

type Input = GraphQLArgument | GraphQLInputField;
const inInput = (at: string, core: Input, actual: Input | undefined): string[] => {
  if (actual === undefined) return [`${at} is missing`];
  const wrong: string[] = [];
  if (!inputFits(core.type, actual.type)) wrong.push(`${at} takes ${actual.type}, not ${core.type}`);
  if (core.defaultValue !== undefined && actual.defaultValue !== core.defaultValue)
    wrong.push(`${at} is ${actual.defaultValue} when it is left out, not ${core.defaultValue}`);
  return wrong;
};

/** Whoever reads `core` can read `actual`: it may promise more. */
const outputFits = (core: GraphQLType, actual: GraphQLType): boolean => {
  if (isNonNullType(core)) return isNonNullType(actual) && outputFits(core.ofType, actual.ofType);
  if (isNonNullType(actual)) return outputFits(core, actual.ofType);
  if (isListType(core)) return isListType(actual) && outputFits(core.ofType, actual.ofType);
  return !isListType(actual) && String(core) === String(actual);
};

/** Whatever may be given to `core` may be given to `actual`: it may ask for less. */
const inputFits = (core: GraphQLType, actual: GraphQLType): boolean => {
  if (isNonNullType(actual)) return isNonNullType(core) && inputFits(core.ofType, actual.ofType);
  if (isNonNullType(core)) return inputFits(core.ofType, actual);
  if (isListType(actual)) return isListType(core) && inputFits(core.ofType, actual.ofType);
  return !isListType(core) && String(core) === String(actual);
};
