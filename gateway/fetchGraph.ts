import type { PlanNode } from '@apollo/query-planner';
import type { Condition } from './conditions.ts';
import type { FixedArguments } from './fixedArguments.ts';
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

type Node = { readonly planned: PlannedFetch; readonly after: readonly Node[]; readonly level: number };

/**
 * A plan as requests, each after those it depends on. What has to wait for equally many requests before it and goes to
 * the same subgraph is one request, wherever in the plan it stands.
 */
export const toRequests = (plan: PlanNode, fixed: FixedArguments): readonly PlannedRequest[] => {
  const nodes: Node[] = [];
  /** Returns what has to be over before the next in a sequence may begin. */
  const add = (node: PlanNode, path: PlanPath, when: readonly Condition[], after: readonly Node[]): readonly Node[] => {
    switch (node.kind) {
      case 'Fetch': {
        const level = Math.max(-1, ...after.map((before) => before.level)) + 1;
        const added = prepareFetch(node, fixed).map((fetch) => ({ planned: { fetch, path, when }, after, level }));
        nodes.push(...added);
        return added;
      }
      case 'Flatten':
        return add(node.node, [...path, ...node.path], when, after);
      case 'Sequence':
        return node.nodes.reduce<readonly Node[]>((before, child) => {
          const ends = add(child, path, when, before);
          return ends.length > 0 ? ends : before;
        }, after);
      case 'Parallel':
        return node.nodes.flatMap((child) => add(child, path, when, after));
      case 'Condition': {
        const clause = (child: PlanNode | undefined, negated: boolean): readonly Node[] =>
          child ? add(child, path, [...when, { variable: node.condition, negated }], after) : [];
        return [...clause(node.ifClause, false), ...clause(node.elseClause, true)];
      }
      default:
        throw new UnsupportedPlan(`plan node ${node.kind}`);
    }
  };
  add(plan, [], [], []);
  return fold(nodes);
};

const fold = (nodes: readonly Node[]): readonly PlannedRequest[] => {
  const isFoldable = ({ planned: { fetch } }: Node): boolean =>
    fetch.requires !== undefined && !fetch.contextRewrites?.length;
  const awaited = new Set(nodes.flatMap(({ after }) => after));
  const lastLevel = new Map<string, number>();
  for (const node of nodes)
    if (isFoldable(node)) {
      const { serviceName } = node.planned.fetch;
      lastLevel.set(serviceName, Math.max(node.level, lastLevel.get(serviceName) ?? 0));
    }
  /** What nothing waits for may as well go with the last request to its subgraph. */
  const levelOf = (node: Node): number =>
    awaited.has(node) ? node.level : (lastLevel.get(node.planned.fetch.serviceName) ?? node.level);
  const leveled = nodes.map((node) => ({ node, level: levelOf(node) })).toSorted((a, b) => a.level - b.level);
  const groups = new Map<string, Node[]>();
  for (const [index, { node, level }] of leveled.entries()) {
    const key = isFoldable(node) ? `${level} ${node.planned.fetch.serviceName}` : `alone ${index}`;
    groups.set(key, [...(groups.get(key) ?? []), node]);
  }
  const numbers = new Map<Node, number>();
  for (const [number, group] of [...groups.values()].entries()) for (const node of group) numbers.set(node, number);
  return [...groups.values()].map((group) => ({
    fetches: group.map(({ planned }) => planned),
    after: [...new Set(group.flatMap(({ after }) => after.map((before) => numbers.get(before) ?? 0)))],
  }));
};
