import { type DirectiveNode, Kind } from 'graphql';

/** One `@skip` or `@include` with a variable. */
export type Condition = { readonly variable: string; readonly negated: boolean };
/** All must hold. `[]` is always; `null` is never. */
export type Conditions = readonly Condition[] | null;
export type Variables = Readonly<Record<string, unknown>>;

/** The conditions a selection adds to those around it. Literals are decided here. */
export const conditionsOf = (directives: readonly DirectiveNode[] | undefined, around: Conditions): Conditions => {
  if (around === null || directives === undefined || directives.length === 0) return around;
  const conditions = [...around];
  for (const directive of directives) {
    const name = directive.name.value;
    if (name !== 'skip' && name !== 'include') continue;
    const value = directive.arguments?.find((argument) => argument.name.value === 'if')?.value;
    if (value?.kind === Kind.VARIABLE) conditions.push({ variable: value.name.value, negated: name === 'skip' });
    else if (value?.kind === Kind.BOOLEAN && value.value === (name === 'skip')) return null;
  }
  return conditions;
};

export const holds = (conditions: readonly Condition[], variables: Variables): boolean =>
  conditions.every(({ variable, negated }) => (variables[variable] === true) !== negated);
