import { Kind, type OperationDefinitionNode, type SelectionNode } from 'graphql';
import { refusal } from '../errors.ts';
import { conditionsOf } from '../execution/conditions.ts';
import { renamedKeys } from '../execution/rewrites.ts';
import { rootKeysOf } from '../execution/rootFetch.ts';
import { clientKeyOf } from './dataKeys.ts';
import type { PlannedRequest } from './fetchGraph.ts';

/**
 * The planner leaves out in silence what no subgraph can give (a field only an interface object has, of an interface
 * nobody implements). Answering null for it would be a wrong answer. @throws a refusal
 */
export const assertReachable = (planned: OperationDefinitionNode, requests: readonly PlannedRequest[]): void => {
  const reached = new Set(
    requests.flatMap(({ fetches }) =>
      fetches.flatMap(({ fetch }) => {
        const renamed = renamedKeys(fetch.outputRewrites);
        return fetch.requires ? [] : rootKeysOf(fetch.document).map((key) => renamed.get(key) ?? key);
      }),
    ),
  );
  const missing = alwaysAsked(planned.selectionSet.selections).find((key) => !reached.has(key));
  if (missing !== undefined)
    throw refusal(
      'FIELD_UNREACHABLE',
      `No subgraph can be asked for "${clientKeyOf(missing)}" with what is selected here. That is a mistake of the supergraph: tell those who run it.`,
      500,
    );
};

const alwaysAsked = (selections: readonly SelectionNode[]): readonly string[] =>
  selections.flatMap((selection): readonly string[] => {
    if (conditionsOf(selection.directives, [])?.length !== 0) return [];
    if (selection.kind === Kind.INLINE_FRAGMENT) return alwaysAsked(selection.selectionSet.selections);
    return selection.kind === Kind.FIELD ? [selection.alias?.value ?? selection.name.value] : [];
  });
