import { DirectiveLocation, GraphQLDirective, specifiedDirectives } from 'graphql';

/**
 * What the gateway prices operations by before it runs them: IBM's "GraphQL Cost Directive Specification", in the form
 * federation composes. Where nothing is said an object weighs 1, a scalar 0, a mutation 10, and a list has 5 items.
 */
export type CostDirectives = {
  cost: { locations: 'OBJECT' | 'FIELD_DEFINITION' | 'SCALAR' | 'ENUM'; args: { weight: number } };
  listSize: {
    locations: 'FIELD_DEFINITION';
    args: {
      assumedSize?: number;
      slicingArguments?: readonly string[];
      sizedFields?: readonly string[];
      requireOneSlicingArgument?: boolean;
    };
  };
  sensitive: { locations: 'FIELD_DEFINITION'; args: Record<string, never> };
};

/** `directives: cost(50)`: what resolving the field once, or one object of the type, weighs. */
export const cost = (weight: number) => ({ cost: { weight } });

/** The list is about as long as this. */
export const listOf = (assumedSize: number) => ({ listSize: { assumedSize } });

/** A connection that is as long as its argument `first` says. */
export const page = { listSize: { slicingArguments: ['first'], sizedFields: ['edges'] } } as const;

/** The same, which may also be read from its end by `last`, and has a length of its own. */
export const pageOfEither = (assumedSize: number) =>
  ({
    listSize: {
      assumedSize,
      slicingArguments: ['first', 'last'],
      sizedFields: ['edges'],
      requireOneSlicingArgument: false,
    },
  }) as const;

/** `directives: sensitive`: whoever calls it may be guessing a secret. Once per operation, and slowly (docs/limits-of-operations.md). */
export const sensitive = { sensitive: {} } as const;

/** Added to the options of a subgraph's schema that uses @sensitive, which is a directive of our own. */
export const sensitiveSchemaOptions = {
  composeDirectives: ['@sensitive' as const],
  directives: [
    ...specifiedDirectives,
    new GraphQLDirective({ name: 'sensitive', locations: [DirectiveLocation.FIELD_DEFINITION] }),
  ],
  // A name, which leads nowhere; the gateway knows it (gateway/admission/costRules.ts).
  schemaDirectives: { link: { url: 'https://parley.example/limits/v1.0', import: ['@sensitive'] } },
};
