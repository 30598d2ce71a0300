import { knownOfBoth, knownStrings } from '@parley/kernel/plainAnswers';
import {
  type GraphQLFormattedError,
  isAbstractType,
  isInterfaceType,
  isObjectType,
  Kind,
  type SelectionSetNode,
} from 'graphql';
import { addSubgraphErrors } from '../calls/subgraphErrors.ts';
import { SubgraphFailure } from '../calls/subgraphRequest.ts';
import type { PlannedFetch } from '../planning/fetchGraph.ts';
import { compileContextValues } from './contextValues.ts';
import {
  type ClientPath,
  type CollectEntities,
  compileCollection,
  type EntityBatch,
  pathsOf,
  toClientStep,
} from './entityPlaces.ts';
import { type EntityQuestion, toEntityRequest } from './entityQuestions.ts';
import { type CompileContext, pickVariables, type Run, type Step } from './execute.ts';
import { compileMergeEntities, type MergeEntities } from './mergeEntity.ts';
import { type DataObject, getOwn, isObject } from './ownKeys.ts';
import { compileRewrites, type Rewrite, renamedKeys } from './rewrites.ts';
import { targetPaths } from './targets.ts';

/** One question, in the form its step asks it. */
type Question = EntityQuestion & {
  readonly collect: CollectEntities;
  readonly rewriteOutput: Rewrite | null;
  readonly renamed: ReadonlyMap<string, string>;
  readonly mergeEntities: MergeEntities;
  readonly hasObjects: boolean;
  /** Whether the targets of one place may hold the same objects. */
  readonly mayShare: boolean;
};
type Asked = { readonly question: Question; readonly batch: EntityBatch };

/** Asks a subgraph for its fields of the entities at some places, each distinct entity once a question. */
export const compileEntityFetch = (
  context: CompileContext,
  fetches: readonly PlannedFetch[],
  readsAbove: boolean,
): Step => {
  const { query, operationName, variableUsages, questions } = toEntityRequest(fetches);
  const { callSubgraph } = context;
  const subgraph = fetches[0]?.fetch.serviceName ?? '';
  // Such a fetch is alone in its request (see fetchGraph.ts).
  const splitByContext = compileContextValues(context.fullSchema, fetches[0]?.fetch.contextRewrites);
  const compiled = questions.map((question): Question => {
    const renamed = renamedKeys(question.outputRewrites);
    return {
      ...question,
      collect: compileCollection(context, question.places),
      rewriteOutput: compileRewrites(context.fullSchema, question.outputRewrites),
      renamed,
      hasObjects: hasObjects(question.selectionSet),
      mayShare: !readsAbove,
      mergeEntities: compileMergeEntities(context.fullSchema, question.selectionSet, renamed),
    };
  });

  const ask = async (run: Run, asked: readonly Asked[], shared: DataObject): Promise<void> => {
    if (asked.every(({ batch }) => batch.representations.length === 0)) return;
    const variables = pickVariables(run.variables, variableUsages);
    Object.assign(variables, shared);
    for (const { question, batch } of asked) variables[question.variable] = batch.representations;
    try {
      const result = await callSubgraph(subgraph, { query, operationName, variables, isMutation: false }, run.call);
      const { data, errors } = result;
      run.known = knownOfBoth(run.known, knownStrings(result));
      takeOver(context, run, asked, data, errors);
    } catch (error) {
      if (!(error instanceof SubgraphFailure)) throw error;
      for (const { question, batch } of asked)
        for (const path of failedAt(run, question, batch))
          run.errors.add({ message: error.message, path, extensions: error.extensions });
    }
  };
  const collectAll = (run: Run): readonly Asked[] =>
    compiled.map((question) => ({ question, batch: question.collect(run) }));
  if (splitByContext === null) return (run) => ask(run, collectAll(run), none);
  return async (run) => {
    const [first] = collectAll(run);
    if (!first) return;
    const parts = splitByContext(run, first.batch);
    await Promise.all(parts.map(({ batch, variables }) => ask(run, [{ ...first, batch }], variables)));
  };
};

const none: DataObject = {};

/** Whether entities hold objects or lists of them. */
const hasObjects = ({ selections }: SelectionSetNode): boolean =>
  selections.some((selection) =>
    selection.kind === Kind.INLINE_FRAGMENT
      ? hasObjects(selection.selectionSet)
      : selection.kind === Kind.FIELD && selection.selectionSet !== undefined,
  );

const takeOver = (
  context: CompileContext,
  run: Run,
  asked: readonly Asked[],
  data: DataObject | null | undefined,
  errors: readonly GraphQLFormattedError[] | undefined,
): void => {
  const isOne = asked.length === 1;
  for (const { question, batch } of asked) {
    if (batch.representations.length === 0) continue;
    const own = errors?.filter(({ path }) => isOne || !isOfAnother(path, question));
    if (own?.length) addSubgraphErrors(run.errors, own, question, (index) => pathsOf(run, batch, index), question.key);
    const entities = data === null || data === undefined ? undefined : getOwn(data, question.key);
    if (Array.isArray(entities) && entities.length === batch.representations.length)
      merge(context, run, question, batch, entities);
    else if (!own?.length) for (const path of failedAt(run, question, batch)) run.errors.addInvalid(path);
  }
};

/** Errors without a path concern every question of a request. */
const isOfAnother = (path: GraphQLFormattedError['path'], { key }: EntityQuestion): boolean =>
  Array.isArray(path) && path.length > 0 && path[0] !== key;

const merge = (
  context: CompileContext,
  run: Run,
  question: Question,
  { representations, placed }: EntityBatch,
  entities: readonly unknown[],
): void => {
  question.rewriteOutput?.(entities);
  const { hasObjects, mayShare, mergeEntities } = question;
  if (hasObjects) run.targets.clear();
  // Later fetches fill the places differently, so none may hold the very objects of another.
  const taken = hasObjects && (placed.length > 1 || !mayShare) ? { entities: new Set<unknown>(), mayShare } : null;
  for (const { path, targets, indexOf } of placed) {
    const mayMerge = (at: number): boolean => {
      const [target, index] = [targets[at], indexOf[at] ?? -1];
      const [representation, entity] = [representations[index], entities[index]];
      if (!target || !representation || !isObject(entity)) return false;
      if (fitsType(context, entity, representation, target)) return true;
      run.errors.addInvalid((targetPaths(run.data, path)[at] ?? []).map(toClientStep));
      return false;
    };
    mergeEntities(targets, indexOf, entities, mayMerge, taken);
    if (taken !== null && placed.length > 1) for (const index of indexOf) taken.entities.add(entities[index]);
  }
};

/** An entity of another type than asked for is a wrong answer, not a fresh truth (D16). */
const fitsType = (
  context: CompileContext,
  entity: DataObject,
  representation: DataObject,
  target: DataObject,
): boolean => {
  const typename = getOwn(entity, '__typename');
  const known = target['__typename'];
  if (typename === undefined || typename === known) return true;
  return isKindOf(context, typename, representation['__typename']) || isKindOf(context, known, typename);
};

const isKindOf = ({ fullSchema }: CompileContext, name: unknown, kind: unknown): boolean => {
  if (typeof name !== 'string' || typeof kind !== 'string') return false;
  const [type, wider] = [fullSchema.getType(name), fullSchema.getType(kind)];
  if (name === kind) return true;
  return isAbstractType(wider) && (isObjectType(type) || isInterfaceType(type)) && fullSchema.isSubType(wider, type);
};

/** Where a whole question failed: a path per place, whose `@` stands for every list item where there are several. */
const failedAt = (run: Run, { fields, renamed }: Question, { placed }: EntityBatch): ClientPath[] =>
  placed
    .filter(({ indexOf }) => indexOf.some((index) => index !== -1))
    .map((place) => {
      const only = place.targets.length === 1 ? pathsOf(run, { placed: [place] }, null)[0] : undefined;
      const base = only ?? place.path.map(toClientStep);
      const [field, another] = fields;
      return field === undefined || another !== undefined ? base : [...base, toClientStep(renamed.get(field) ?? field)];
    });
