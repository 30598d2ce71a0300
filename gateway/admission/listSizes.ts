import type { GraphQLError, GraphQLField } from 'graphql';
import { refusal } from '../errors.ts';
import type { Variables } from '../execution/conditions.ts';
import { isObject } from '../execution/ownKeys.ts';
import type { ListSize } from './costRules.ts';

/** How many items a list will have at most; a refusal where the operation does not say, or asks for too many (B25). */
export type SizeOf = (variables: Variables) => number | GraphQLError;

/** What a field's arguments come to, for some variables. */
export type ArgumentsOf = (variables: Variables) => Readonly<Record<string, unknown>>;

/** By the @listSize of a field (IBM's specification, §Slicing arguments). `most`: what one page may have. */
export const compileListSize = (
  rule: ListSize,
  field: Pick<GraphQLField<unknown, unknown>, 'name' | 'args'>,
  given: ReadonlySet<string>,
  argumentsOf: ArgumentsOf,
  { assumed, most }: { readonly assumed: number; readonly most: number },
): SizeOf => {
  const { assumedSize, slicingArguments, requireOneSlicingArgument } = rule;
  if (slicingArguments.length === 0) return () => assumedSize ?? assumed;
  const wordings = slicingArguments.map((path) => path.join('.'));
  const isExplicit = ([argument = '']: readonly string[]): boolean => given.has(argument);

  return (variables) => {
    const values = argumentsOf(variables);
    // What the schema gives where the operation says nothing counts only while the operation says nothing at all.
    const explicit = slicingArguments.filter(isExplicit);
    let largest: number | null = null;
    let count = 0;
    for (const path of explicit.length > 0 ? explicit : slicingArguments) {
      const size = numberAt(values, path);
      if (size === null) continue;
      if (size < 0 || size > most)
        return refusal('BAD_USER_INPUT', `"${path.join('.')}" of "${field.name}" must be between 0 and ${most}.`);
      count += 1;
      largest = Math.max(largest ?? 0, size);
    }
    if (requireOneSlicingArgument && count !== 1)
      return refusal(
        'BAD_USER_INPUT',
        `"${field.name}" needs ${wordings.length > 1 ? 'exactly one of ' : ''}${wordings.map((one) => `"${one}"`).join(', ')}.`,
      );
    return largest ?? assumedSize ?? assumed;
  };
};

const numberAt = (values: Readonly<Record<string, unknown>>, path: readonly string[]): number | null => {
  let value: unknown = values;
  for (const name of path) value = isObject(value) ? value[name] : undefined;
  return typeof value === 'number' ? value : null;
};
