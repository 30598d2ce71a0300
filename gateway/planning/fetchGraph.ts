import type { PlanNode } from '@apollo/query-planner';
import type { Condition } from '../execution/conditions.ts';
import type { CompileContext } from '../execution/execute.ts';
import { repairPlan } from './repairPlan.ts';
import { type PreparedFetch, prepareFetch } from './splitRequirements.ts';

export type PlanPath = readonly (string | number)[];
/** One fetch of a plan in its place. */
export type PlannedFetch = {
  readonly fetch: PreparedFetch;
  readonly path: PlanPath;
  readonly when: readonly Condition[];
};
/** Fetches that go to one subgraph in one request, and the numbers of those requests it has to wait for. */
export type PlannedRequest = { readonly fetches: readonly PlannedFetch[]; readonly after: readonly number[] };

/** The plan holds something only Apollo's own executor knows. */
export class UnsupportedPlan extends Error {}

/** A fetch, and those it has to wait for. */
export type FetchStep = { planned: PlannedFetch; after: readonly FetchStep[] };

/**
 * A plan as requests, each after those it depends on. What has to wait for equally many requests before it and goes to
 * the same subgraph is one request, wherever in the plan it stands.
 */
export const toRequests = (
  plan: PlanNode,
  context: Pick<CompileContext, 'fullSchema' | 'fixed' | 'facts'>,
): readonly PlannedRequest[] => {
  const steps: FetchStep[] = [];
  type After = readonly FetchStep[];
  /** Returns what has to be over before the next in a sequence may begin. */
  const add = (node: PlanNode, path: PlanPath, when: readonly Condition[], after: After): After => {
    switch (node.kind) {
      case 'Fetch': {
        const added = prepareFetch(node, context.fixed).map((fetch) => ({ planned: { fetch, path, when }, after }));
        steps.push(...added);
        return added;
      }
      case 'Flatten':
        return add(node.node, [...path, ...node.path], when, after);
      case 'Sequence':
        return node.nodes.reduce<After>((before, child) => {
          const ends = add(child, path, when, before);
          return ends.length > 0 ? ends : before;
        }, after);
      case 'Parallel':
        return node.nodes.flatMap((child) => add(child, path, when, after));
      case 'Condition': {
        const clause = (child: PlanNode | undefined, negated: boolean): After =>
          child ? add(child, path, [...when, { variable: node.condition, negated }], after) : [];
        return [...clause(node.ifClause, false), ...clause(node.elseClause, true)];
      }
      default:
        throw new UnsupportedPlan(`plan node ${node.kind}`);
    }
  };
  add(plan, [], [], []);
  repairPlan(context, steps);
  return fold(steps);
};

const fold = (steps: readonly FetchStep[]): readonly PlannedRequest[] => {
  const levels = new Map<FetchStep, number>();
  const levelOf = (step: FetchStep): number => {
    const level = levels.get(step) ?? Math.max(-1, ...step.after.map(levelOf)) + 1;
    levels.set(step, level);
    return level;
  };
  const isFoldable = ({ planned: { fetch } }: FetchStep): boolean =>
    fetch.requires !== undefined && !fetch.contextRewrites?.length;
  const awaited = new Set(steps.flatMap(({ after }) => after));
  const lastLevel = new Map<string, number>();
  for (const step of steps)
    if (isFoldable(step)) {
      const { serviceName } = step.planned.fetch;
      lastLevel.set(serviceName, Math.max(levelOf(step), lastLevel.get(serviceName) ?? 0));
    }
  /** What nothing waits for, and may go with others, may as well go with the last request to its subgraph. */
  const placeOf = (step: FetchStep): number =>
    (!awaited.has(step) && isFoldable(step) ? lastLevel.get(step.planned.fetch.serviceName) : undefined) ??
    levelOf(step);
  const placed = steps.map((step) => ({ step, level: placeOf(step) })).toSorted((a, b) => a.level - b.level);
  const groups = new Map<string, FetchStep[]>();
  for (const [index, { step, level }] of placed.entries()) {
    const key = isFoldable(step) ? `${level} ${step.planned.fetch.serviceName}` : `alone ${index}`;
    groups.set(key, [...(groups.get(key) ?? []), step]);
  }
  const numbers = new Map<FetchStep, number>();
  for (const [number, group] of [...groups.values()].entries()) for (const step of group) numbers.set(step, number);
  return [...groups.values()].map((group) => ({
    fetches: group.map(({ planned }) => planned),
    after: [...new Set(group.flatMap(({ after }) => after.map((before) => numbers.get(before) ?? 0)))],
  }));
};
