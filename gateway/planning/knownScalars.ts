import { GraphQLError, type GraphQLScalarType, type GraphQLSchema, isScalarType } from 'graphql';
import { DateTimeResolver, URLResolver } from 'graphql-scalars';

const known: Readonly<Record<string, GraphQLScalarType>> = { DateTime: DateTimeResolver, URL: URLResolver };

/** Dates of the years 1 to 9999, in UTC: what RFC 3339 can write and PostgreSQL can read. */
const inYears = (value: unknown): void => {
  if (!(value instanceof Date)) return;
  const year = value.getUTCFullYear();
  if (!(year >= 1 && year <= 9999)) throw new GraphQLError('DateTime must lie in the years 0001 to 9999.');
};

/**
 * A composed schema knows its scalars by name only and would let any value through. Values of those we know are checked
 * here, before planning, and go on as the client wrote them.
 */
export const checkKnownScalars = (schema: GraphQLSchema): GraphQLSchema => {
  for (const [name, checks] of Object.entries(known)) {
    const scalar = schema.getType(name);
    if (!isScalarType(scalar)) continue;
    scalar.parseValue = (value) => {
      inYears(checks.parseValue(value));
      return value;
    };
    const { parseLiteral } = scalar;
    scalar.parseLiteral = (node, variables) => {
      inYears(checks.parseLiteral(node, variables));
      return parseLiteral(node, variables);
    };
  }
  return schema;
};
