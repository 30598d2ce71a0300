import {
  type AudioChunkFieldsFragment,
  applyTurnUpdate,
  type ConversationFieldsFragment,
  type ConversationMetricsQuery,
  type ConversationQuery,
  type Transcript,
  type TurnEvidenceFragment,
  type TurnUpdate,
  transcriptOf,
} from '@parley/client';
import type { Problem } from '../problem.ts';

type Loaded = NonNullable<ConversationQuery['conversation']>;
export type StoredTurn = Loaded['turns']['edges'][number]['node'];
export type Metrics = NonNullable<NonNullable<ConversationMetricsQuery['conversation']>['metrics']>;
/** A message on its way, or one that did not get through. */
export type Pending = {
  readonly id: string;
  readonly text: string;
  readonly turnId: string | null;
  readonly problem: Problem | null;
};

export type ConversationState = {
  readonly conversation: ConversationFieldsFragment & { readonly agent: Loaded['agent'] };
  readonly transcript: Transcript;
  readonly earlier: string | null;
  readonly evidence: Readonly<Record<string, TurnEvidenceFragment>>;
  readonly chunks: Readonly<Record<string, readonly AudioChunkFieldsFragment[]>>;
  readonly pending: readonly Pending[];
  readonly metrics: Metrics | null;
};

export type Action =
  | { readonly kind: 'loaded'; readonly conversation: Loaded }
  | { readonly kind: 'earlier'; readonly conversation: Loaded }
  | { readonly kind: 'updated'; readonly update: TurnUpdate }
  | { readonly kind: 'evidence'; readonly turns: readonly StoredTurn[] }
  | { readonly kind: 'chunk'; readonly turnId: string; readonly chunk: AudioChunkFieldsFragment }
  | { readonly kind: 'changed'; readonly conversation: ConversationFieldsFragment }
  | { readonly kind: 'metrics'; readonly metrics: Metrics | null }
  | { readonly kind: 'pending'; readonly pending: Pending }
  | { readonly kind: 'withdrawn'; readonly id: string };

export const conversationState = (state: ConversationState | null, action: Action): ConversationState | null => {
  if (action.kind === 'loaded') return withEvidence(loaded(action.conversation, state), storedIn(action.conversation));
  if (state === null) return null;
  switch (action.kind) {
    case 'earlier': {
      const known = new Set(state.transcript.turns.map(({ id }) => id));
      const older = storedIn(action.conversation).filter(({ id }) => !known.has(id));
      const transcript = transcriptOf([...older, ...state.transcript.turns], state.transcript.cursor);
      return withEvidence({ ...state, transcript, earlier: earlierIn(action.conversation) }, older);
    }
    case 'updated': {
      const transcript = applyTurnUpdate(state.transcript, action.update);
      return { ...state, transcript, pending: withoutArrived(state.pending, transcript) };
    }
    case 'evidence':
      return withEvidence(state, action.turns);
    case 'chunk':
      return { ...state, chunks: withChunks(state.chunks, action.turnId, [action.chunk]) };
    case 'changed':
      return { ...state, conversation: { ...state.conversation, ...action.conversation } };
    case 'metrics':
      return { ...state, metrics: action.metrics };
    case 'pending': {
      const pending = [...state.pending.filter(({ id }) => id !== action.pending.id), action.pending];
      return { ...state, pending: withoutArrived(pending, state.transcript) };
    }
    case 'withdrawn':
      return { ...state, pending: state.pending.filter(({ id }) => id !== action.id) };
  }
};

const storedIn = (conversation: Loaded): StoredTurn[] => conversation.turns.edges.map(({ node }) => node);
const earlierIn = ({ turns: { pageInfo } }: Loaded): string | null =>
  pageInfo.hasPreviousPage ? pageInfo.startCursor : null;

const loaded = (conversation: Loaded, before: ConversationState | null): ConversationState => ({
  conversation,
  transcript: transcriptOf(storedIn(conversation), conversation.turnsCursor),
  earlier: earlierIn(conversation),
  evidence: {},
  chunks: before?.chunks ?? {},
  pending: before?.pending ?? [],
  metrics: before?.metrics ?? null,
});

/** What other services say of turns, and what was understood and measured only after a turn was told. */
const withEvidence = (state: ConversationState, turns: readonly StoredTurn[]): ConversationState => {
  const evidence = { ...state.evidence };
  let { chunks } = state;
  const stored = new Map(turns.map((turn) => [turn.id, turn]));
  for (const { id, reply, audio } of turns) {
    evidence[id] = { reply, audio };
    if (audio) chunks = withChunks(chunks, id, audio.chunks);
  }
  const list = state.transcript.turns.map((turn) => {
    const { intent, sentiment, objection, latency } = stored.get(turn.id) ?? turn;
    return {
      ...turn,
      intent: intent ?? turn.intent,
      sentiment: sentiment ?? turn.sentiment,
      objection: objection ?? turn.objection,
      latency: latency ?? turn.latency,
    };
  });
  return { ...state, evidence, chunks, transcript: { ...state.transcript, turns: list } };
};

const withChunks = (
  chunks: ConversationState['chunks'],
  turnId: string,
  more: readonly AudioChunkFieldsFragment[],
): ConversationState['chunks'] => {
  const bySequence = new Map((chunks[turnId] ?? []).map((chunk) => [chunk.sequence, chunk]));
  for (const chunk of more) bySequence.set(chunk.sequence, chunk);
  return { ...chunks, [turnId]: [...bySequence.values()].toSorted((a, b) => a.sequence - b.sequence) };
};

const withoutArrived = (pending: readonly Pending[], { turns }: Transcript): readonly Pending[] => {
  if (pending.length === 0) return pending;
  const arrived = new Set(turns.map(({ id }) => id));
  return pending.filter(({ turnId }) => turnId === null || !arrived.has(turnId));
};
