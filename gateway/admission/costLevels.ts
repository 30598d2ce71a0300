import { GraphQLError } from 'graphql';
import { type Condition, holds, type Variables } from '../execution/conditions.ts';
import type { SizeOf } from './listSizes.ts';

/** In points. IBM's two sums, and what the calls of subgraphs weigh. */
export type Cost = {
  readonly total: number;
  /** Objects the answer may have, by the weights of their types. */
  readonly types: number;
  /** Fields to be resolved and their arguments, by their weights. */
  readonly fields: number;
  /** Requests to subgraphs. */
  readonly calls: number;
};
/** One response key of an object. Sizes and arguments may depend on variables. */
export type Entry = {
  readonly whens: readonly (readonly Condition[])[];
  readonly weight: number;
  readonly inputs: readonly ((variables: Variables) => number)[];
  readonly typeWeight: number;
  readonly size: SizeOf;
  /** Index of the selection below. */
  readonly below: number | null;
};
/** One selection set on one type. `base` is always there; of the alternatives, an object is one. */
export type Level = {
  readonly base: readonly Entry[];
  readonly alternatives: readonly (readonly Entry[])[];
  readonly calls: number;
  readonly callsInARow: number;
  readonly sensitive: readonly string[];
};
/** What a request to a subgraph weighs, however many objects it asks for. */
const callWeight = 10;
/** Sums end here: exact in a double, and beyond every limit. */
const mostPoints = 1e12;

type Sums = { types: number; fields: number; calls: number };

/** What the last level comes to. Levels stand before those that name them, so one pass does. */
export const evaluate = (levels: readonly Level[], variables: Variables): Cost | GraphQLError => {
  const done: Sums[] = [];
  for (const { base, alternatives, calls } of levels) {
    const sums = sumOf(base, done, variables);
    if (sums instanceof GraphQLError) return sums;
    sums.calls = bounded(sums.calls + calls);
    let largest: Sums | null = null;
    for (const entries of alternatives) {
      const other = sumOf(entries, done, variables);
      if (other instanceof GraphQLError) return other;
      // A list may have objects of every type, so that all their calls are made.
      sums.calls = bounded(sums.calls + other.calls);
      if (largest === null || other.types + other.fields > largest.types + largest.fields) largest = other;
    }
    sums.types = bounded(sums.types + (largest?.types ?? 0));
    sums.fields = bounded(sums.fields + (largest?.fields ?? 0));
    done.push(sums);
  }
  const { types, fields, calls } = done.at(-1) ?? { types: 0, fields: 0, calls: 0 };
  return { types, fields, calls, total: Math.max(0, bounded(types + fields + calls * callWeight)) };
};

const sumOf = (entries: readonly Entry[], done: readonly Sums[], variables: Variables): Sums | GraphQLError => {
  const sums: Sums = { types: 0, fields: 0, calls: 0 };
  for (const { whens, weight, inputs, typeWeight, size: sizeOf, below } of entries) {
    if (!whens.some((conditions) => holds(conditions, variables))) continue;
    const size = sizeOf(variables);
    if (size instanceof GraphQLError) return size;
    const inner = below === null ? undefined : done[below];
    const ofInputs = inputs.reduce((sum, cost) => sum + cost(variables), 0);
    sums.types = bounded(sums.types + size * (typeWeight + (inner?.types ?? 0)));
    sums.fields = bounded(sums.fields + weight + ofInputs + size * (inner?.fields ?? 0));
    // Objects of a list are asked for together.
    sums.calls = bounded(sums.calls + (inner?.calls ?? 0));
  }
  return sums;
};

export const bounded = (points: number): number => Math.min(mostPoints, Math.max(-mostPoints, points));
