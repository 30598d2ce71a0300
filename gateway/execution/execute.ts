import type { KnownStrings } from '@parley/kernel/plainAnswers';
import type { GraphQLSchema } from 'graphql';
import type { Call, CallSubgraph } from '../calls/subgraphRequest.ts';
import type { PlannedRequest } from '../planning/fetchGraph.ts';
import type { FixedArguments } from '../planning/fixedArguments.ts';
import type { JoinFacts } from '../planning/joinFacts.ts';
import type { Variables } from './conditions.ts';
import { compileEntityFetch } from './entityFetch.ts';
import type { DataObject } from './ownKeys.ts';
import type { ResponseErrors } from './responseErrors.ts';
import { compileRootFetch } from './rootFetch.ts';
import type { FoundTargets } from './targets.ts';

/** One execution of a plan. Steps merge what they fetch into `data`. */
export type Run = {
  readonly data: DataObject;
  readonly variables: Variables;
  readonly errors: ResponseErrors;
  readonly call: Call;
  /** Of the strings in `data`. */
  known: KnownStrings;
  /** Of `data`, as long as it holds no other objects. */
  readonly targets: FoundTargets;
};
/** A compiled part of a plan. Never rejects for what a subgraph did: that becomes an error of the run. */
export type Step = (run: Run) => Promise<void>;

export type CompileContext = {
  readonly fullSchema: GraphQLSchema;
  readonly fixed: FixedArguments;
  readonly facts: JoinFacts;
  readonly callSubgraph: CallSubgraph;
};

/** Every request starts as soon as those it depends on are over. */
export const compileRequests = (context: CompileContext, planned: readonly PlannedRequest[]): Step => {
  const readsAbove = planned.some(({ fetches }) => fetches.some(({ fetch }) => fetch.contextRewrites?.length));
  const requests = planned.map(({ fetches, after }, number) => {
    // It would not wait for what has not been started.
    if (after.some((before) => before >= number)) throw new Error('a request before one it has to wait for');
    return { after, step: compileRequest(context, fetches, readsAbove) };
  });
  const [only, another] = requests;
  if (only && !another) return only.step;
  return async (run) => {
    const running: Promise<void>[] = [];
    for (const { after, step } of requests) running.push(startAfter(after, running, step, run));
    await Promise.all(running);
  };
};

const startAfter = async (
  after: readonly number[],
  running: readonly Promise<void>[],
  step: Step,
  run: Run,
): Promise<void> => {
  const [first, another] = after;
  if (another !== undefined) await Promise.all(after.map((number) => running[number]));
  else if (first !== undefined) await running[first];
  await step(run);
};

/** `readsAbove`: something depends on what stands above it (@fromContext), so no two places may share an object. */
const compileRequest = (context: CompileContext, fetches: PlannedRequest['fetches'], readsAbove: boolean): Step => {
  const [first] = fetches;
  if (!first) throw new Error('a request without a fetch');
  return first.fetch.requires ? compileEntityFetch(context, fetches, readsAbove) : compileRootFetch(context, first);
};

export const pickVariables = (variables: Variables, names: readonly string[]): DataObject => {
  const picked: DataObject = Object.create(null);
  for (const name of names) if (variables[name] !== undefined) picked[name] = variables[name];
  return picked;
};
