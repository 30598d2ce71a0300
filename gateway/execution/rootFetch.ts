import { knownOfBoth, knownStrings } from '@parley/kernel/plainAnswers';
import { type DocumentNode, Kind, print, stripIgnoredCharacters } from 'graphql';
import { addSubgraphErrors } from '../calls/subgraphErrors.ts';
import { SubgraphFailure } from '../calls/subgraphRequest.ts';
import { clientKeyOf } from '../planning/dataKeys.ts';
import type { PlannedFetch } from '../planning/fetchGraph.ts';
import type { PreparedFetch } from '../planning/splitRequirements.ts';
import { holds } from './conditions.ts';
import { topFields } from './entityQuestions.ts';
import { type CompileContext, pickVariables, type Step } from './execute.ts';
import { mergeFresh } from './ownKeys.ts';
import { compileRewrites, type Rewrite, renamedKeys } from './rewrites.ts';

/** A fetch of root fields, in the form it is sent and its answer is read. */
export type RootRequest = {
  readonly subgraph: string;
  readonly query: string;
  readonly operationName: string | undefined;
  readonly isMutation: boolean;
  readonly variableUsages: readonly string[];
  /** The response keys it is for. */
  readonly fields: readonly string[];
  readonly rewriteOutput: Rewrite | null;
  readonly renamed: ReadonlyMap<string, string>;
};

export const toRootRequest = ({ fullSchema }: CompileContext, fetch: PreparedFetch): RootRequest => ({
  subgraph: fetch.serviceName,
  query: stripIgnoredCharacters(print(fetch.document)),
  operationName: fetch.operationName,
  isMutation: fetch.operationKind === 'mutation',
  variableUsages: fetch.variableUsages ?? [],
  fields: rootKeysOf(fetch.document),
  rewriteOutput: compileRewrites(fullSchema, fetch.outputRewrites),
  renamed: renamedKeys(fetch.outputRewrites),
});

export const rootKeysOf = ({ definitions }: DocumentNode): readonly string[] =>
  definitions.flatMap((definition) =>
    definition.kind === Kind.OPERATION_DEFINITION ? topFields(definition.selectionSet) : [],
  );

export const compileRootFetch = (context: CompileContext, { fetch, when }: PlannedFetch): Step => {
  const request = toRootRequest(context, fetch);
  const { subgraph, query, operationName, isMutation, variableUsages, fields, rewriteOutput, renamed } = request;
  return async (run) => {
    if (!holds(when, run.variables)) return;
    try {
      const variables = pickVariables(run.variables, variableUsages);
      const operation = { query, operationName, variables, isMutation };
      const result = await context.callSubgraph(subgraph, operation, run.call);
      const { data, errors } = result;
      run.known = knownOfBoth(run.known, knownStrings(result));
      if (errors) addSubgraphErrors(run.errors, errors, request, () => []);
      if (!data) return;
      rewriteOutput?.(data);
      mergeFresh(run.data, data);
      run.targets.clear();
    } catch (error) {
      if (!(error instanceof SubgraphFailure)) throw error;
      for (const field of fields)
        run.errors.add({
          message: error.message,
          path: [clientKeyOf(renamed.get(field) ?? field)],
          extensions: error.extensions,
        });
    }
  };
};
