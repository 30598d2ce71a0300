import { type ConstDirectiveNode, type DefinitionNode, type DocumentNode, Kind } from 'graphql';
import { directiveArgument, textArgument } from '../planning/joinDirectives.ts';
import { linkedDirectives } from '../planning/linkedDirectives.ts';

/** What a field's @listSize says of the list it gives, or, with `sizedFields`, of lists right below it. */
export type ListSize = {
  readonly assumedSize: number | null;
  /** Each the way to a number: an argument, and below it fields of input objects. */
  readonly slicingArguments: readonly (readonly string[])[];
  readonly sizedFields: readonly string[];
  readonly requireOneSlicingArgument: boolean;
};

/** A supergraph's @cost and @listSize (IBM's "GraphQL Cost Directive Specification") and its @sensitive, by what they stand at. */
export type CostRules = {
  /** Of a type, `Type.field`, `Input.field` or `Type.field(argument)`. */
  weightOf(place: string): number | undefined;
  /** Of `Type.field`. */
  listSizeOf(place: string): ListSize | undefined;
  /** Whether using `Type.field` is guessing at a secret. */
  isSensitive(place: string): boolean;
};

const costSpec = 'https://specs.apollo.dev/cost';
/** A directive of ours (`@sensitive`, kernel/builder.ts); the address is a name and leads nowhere. */
const limitsSpec = 'https://parley.example/limits';

/** @throws where a directive says what cannot be: nothing is loaded then */
export const readCostRules = (document: DocumentNode): CostRules => {
  const ofCost = linkedDirectives(document, costSpec);
  const ofLimits = linkedDirectives(document, limitsSpec);
  const weights = new Map<string, number>();
  const sizes = new Map<string, ListSize>();
  const sensitive = new Set<string>();

  const read = (place: string, directives: readonly ConstDirectiveNode[] | undefined): void => {
    for (const directive of directives ?? []) {
      const name = ofCost(directive);
      if (name === 'cost') weights.set(place, weightIn(directive, place));
      else if (name === 'listSize') sizes.set(place, listSizeIn(directive, place));
      else if (ofLimits(directive) === 'sensitive') sensitive.add(place);
    }
  };
  for (const definition of document.definitions) {
    if (!('name' in definition) || definition.name === undefined) continue;
    const type = definition.name.value;
    read(type, directivesOf(definition));
    if (!('fields' in definition)) continue;
    for (const field of definition.fields ?? []) {
      const place = `${type}.${field.name.value}`;
      read(place, field.directives);
      if (field.kind !== Kind.FIELD_DEFINITION) continue;
      for (const argument of field.arguments ?? []) read(`${place}(${argument.name.value})`, argument.directives);
    }
  }
  return {
    weightOf: (place) => weights.get(place),
    listSizeOf: (place) => sizes.get(place),
    isSensitive: (place) => sensitive.has(place),
  };
};

const directivesOf = (definition: DefinitionNode): readonly ConstDirectiveNode[] =>
  ('directives' in definition ? (definition.directives as readonly ConstDirectiveNode[] | undefined) : undefined) ?? [];

/** IBM writes weights as strings, Apollo as integers. */
const weightIn = (directive: ConstDirectiveNode, place: string): number => {
  const value = directiveArgument(directive, 'weight');
  const weight = value && 'value' in value ? Number(value.value) : Number.NaN;
  if (!Number.isFinite(weight)) throw new Error(`@${directive.name.value} on ${place}: weight is not a number`);
  return weight;
};

const listSizeIn = (directive: ConstDirectiveNode, place: string): ListSize => {
  const size = directiveArgument(directive, 'assumedSize');
  const required = directiveArgument(directive, 'requireOneSlicingArgument');
  const assumedSize = size?.kind === Kind.INT ? Number(size.value) : null;
  if (assumedSize !== null && assumedSize < 0)
    throw new Error(`@${directive.name.value} on ${place}: assumedSize is negative`);
  return {
    assumedSize,
    slicingArguments: namesIn(directive, 'slicingArguments').map((path) => path.split('.')),
    sizedFields: namesIn(directive, 'sizedFields'),
    requireOneSlicingArgument: !(required?.kind === Kind.BOOLEAN && !required.value),
  };
};

const namesIn = (directive: ConstDirectiveNode, name: string): readonly string[] => {
  const value = directiveArgument(directive, name);
  // A list of one may be written without its brackets.
  if (value?.kind === Kind.STRING) return [textArgument(directive, name) ?? ''];
  return value?.kind === Kind.LIST ? value.values.flatMap((one) => (one.kind === Kind.STRING ? [one.value] : [])) : [];
};
