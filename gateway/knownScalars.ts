import { type GraphQLScalarType, type GraphQLSchema, isScalarType } from 'graphql';
import { DateTimeResolver, URLResolver } from 'graphql-scalars';

const known: Readonly<Record<string, GraphQLScalarType>> = { DateTime: DateTimeResolver, URL: URLResolver };

/**
 * A composed schema knows its scalars by name only and would let any value through. Values of those we know are checked
 * here, before planning, and go on as the client wrote them.
 */
export const checkKnownScalars = (schema: GraphQLSchema): GraphQLSchema => {
  for (const [name, checks] of Object.entries(known)) {
    const scalar = schema.getType(name);
    if (!isScalarType(scalar)) continue;
    scalar.parseValue = (value) => {
      checks.parseValue(value);
      return value;
    };
    const { parseLiteral } = scalar;
    scalar.parseLiteral = (node, variables) => {
      checks.parseLiteral(node, variables);
      return parseLiteral(node, variables);
    };
  }
  return schema;
};
