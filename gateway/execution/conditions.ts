import { type ASTNode, type DirectiveNode, Kind, visit } from 'graphql';

/** One `@skip` or `@include` with a variable. */
export type Condition = { readonly variable: string; readonly negated: boolean };
/** All must hold. `[]` is always; `null` is never. */
export type Conditions = readonly Condition[] | null;
export type Variables = Readonly<Record<string, unknown>>;

/** The conditions a selection adds to those around it. Literals are decided here, and variables whose values are given. */
export const conditionsOf = (
  directives: readonly DirectiveNode[] | undefined,
  around: Conditions,
  values?: Variables | null,
): Conditions => {
  if (around === null || directives === undefined || directives.length === 0) return around;
  const conditions = [...around];
  for (const directive of directives) {
    const name = directive.name.value;
    if (name !== 'skip' && name !== 'include') continue;
    const value = directive.arguments?.find((argument) => argument.name.value === 'if')?.value;
    if (value?.kind === Kind.BOOLEAN && value.value === (name === 'skip')) return null;
    if (value?.kind !== Kind.VARIABLE) continue;
    const condition = { variable: value.name.value, negated: name === 'skip' };
    if (!values) conditions.push(condition);
    else if (!holds([condition], values)) return null;
  }
  return conditions;
};

export const holds = (conditions: readonly Condition[], variables: Variables): boolean =>
  conditions.every(({ variable, negated }) => (variables[variable] === true) !== negated);

const isConditional = (directive: DirectiveNode): boolean =>
  directive.name.value === 'skip' || directive.name.value === 'include';

export const withoutConditions = (directives: readonly DirectiveNode[]): readonly DirectiveNode[] =>
  directives.filter((directive) => !isConditional(directive));

/** The variables an operation's `@skip` and `@include` depend on. */
export const conditionVariables = (nodes: readonly ASTNode[]): readonly string[] => {
  const names = new Set<string>();
  for (const node of nodes)
    visit(node, {
      Directive: (directive) => {
        const value = directive.arguments?.[0]?.value;
        if (isConditional(directive) && value?.kind === Kind.VARIABLE) names.add(value.name.value);
      },
    });
  return [...names];
};
