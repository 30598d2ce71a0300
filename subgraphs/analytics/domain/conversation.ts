import type { Channel, ConversationPhase, Outcome } from '@parley/sales/events';
import type { SalesFact } from './salesFact.ts';

/** What is counted of one conversation. Durations are milliseconds, times ISO 8601 in UTC. */
export type Conversation = {
  readonly id: string;
  readonly agentId: string;
  readonly channel: Channel;
  readonly locale: string;
  readonly startedAt: string;
  /** The latest time of any fact; clocks may jump back between two. */
  readonly lastEventAt: string;
  readonly endedAt: string | null;
  readonly outcome: Outcome | null;
  readonly phases: readonly ConversationPhase[];
  /** Version of the fact that changed it last. */
  readonly version: number;
} & Counts;
type Counts = {
  readonly turnCount: number;
  readonly interruptionCount: number;
  readonly failedTurnCount: number;
  readonly agentSpeechMs: number;
  readonly customerWordCount: number;
};
/** What percentiles, means and counts by name need of one turn. */
export type Turn = {
  readonly id: string;
  readonly role: 'CUSTOMER' | 'AGENT';
  readonly wordCount: number;
  readonly intent: string | null;
  readonly sentiment: number | null;
  readonly objection: string | null;
  readonly timeToFirstToken: number | null;
  readonly timeToFirstAudio: number | null;
  readonly totalMs: number | null;
  /** null until its audio is made */
  readonly audioMs: number | null;
  /** of an interrupted turn: how much of its audio was heard */
  readonly playedMs: number | null;
  readonly failed: boolean;
};
/** A conversation with (at least) the turns that the next fact names. */
export type ConversationState = { readonly conversation: Conversation; readonly turns: ReadonlyMap<string, Turn> };

/** The turns a fact is about: `project` needs those that exist, and changes no other. */
export const turnsNamed = ({ data }: SalesFact): string[] =>
  'inReplyTo' in data ? [data.turnId, data.inReplyTo] : 'turnId' in data ? [data.turnId] : [];

/**
 * The conversation after one more fact. Facts come once each, in the order of their versions. A fact about a
 * conversation whose start is not known counts nothing.
 */
export const project = (state: ConversationState | null, fact: SalesFact): ConversationState | null => {
  const changed = state === null ? begin(fact) : apply(state, fact);
  if (changed === null) return null;
  const { lastEventAt } = changed.conversation;
  return {
    ...changed,
    conversation: {
      ...changed.conversation,
      lastEventAt: fact.occurredAt > lastEventAt ? fact.occurredAt : lastEventAt,
      version: fact.version,
    },
  };
};

const begin = (fact: SalesFact): ConversationState | null => {
  if (fact.type !== 'sales.ConversationStarted') return null;
  const { conversationId, agentId, channel, locale } = fact.data;
  const conversation: Conversation = {
    id: conversationId,
    agentId,
    channel,
    locale,
    startedAt: fact.occurredAt,
    lastEventAt: fact.occurredAt,
    endedAt: null,
    outcome: null,
    phases: ['GREETING'],
    turnCount: 0,
    interruptionCount: 0,
    failedTurnCount: 0,
    agentSpeechMs: 0,
    customerWordCount: 0,
    version: fact.version,
  };
  return { conversation, turns: new Map() };
};

const apply = (state: ConversationState, fact: SalesFact): ConversationState => {
  const { conversation } = state;
  switch (fact.type) {
    case 'sales.ConversationStarted':
      return state;
    case 'sales.TurnReceived':
      return withTurn(state, { ...newTurn(fact.data.turnId, 'CUSTOMER'), wordCount: fact.data.wordCount });
    case 'sales.ReplyStarted': {
      const { turnId, inReplyTo, intent, sentiment, objection, timeToFirstToken } = fact.data;
      const asked = state.turns.get(inReplyTo);
      const understood =
        asked === undefined ? state : withTurn(state, { ...asked, intent: intent.name, sentiment, objection });
      return withTurn(understood, { ...agentTurn(understood, turnId), timeToFirstToken });
    }
    case 'sales.TurnCompleted': {
      const { turnId, wordCount, totalMs } = fact.data;
      return withTurn(state, { ...agentTurn(state, turnId), wordCount, totalMs });
    }
    case 'sales.TurnVoiced': {
      const { turnId, durationMs, timeToFirstAudio } = fact.data;
      return withTurn(state, { ...agentTurn(state, turnId), audioMs: durationMs, timeToFirstAudio });
    }
    case 'sales.TurnInterrupted': {
      const { turnId, playedMs, wordCount } = fact.data;
      return withTurn(state, { ...agentTurn(state, turnId), playedMs, wordCount });
    }
    case 'sales.TurnFailed':
      return withTurn(state, { ...agentTurn(state, fact.data.turnId), failed: true });
    case 'sales.PhaseChanged':
      return { ...state, conversation: { ...conversation, phases: [...conversation.phases, fact.data.to] } };
    case 'sales.ConversationEnded':
      return { ...state, conversation: { ...conversation, outcome: fact.data.outcome, endedAt: fact.occurredAt } };
  }
};

const newTurn = (id: string, role: Turn['role']): Turn => ({
  id,
  role,
  wordCount: 0,
  intent: null,
  sentiment: null,
  objection: null,
  timeToFirstToken: null,
  timeToFirstAudio: null,
  totalMs: null,
  audioMs: null,
  playedMs: null,
  failed: false,
});
/** A reply may fail before it has begun; then its failure is the first we hear of it. */
const agentTurn = (state: ConversationState, id: string): Turn => state.turns.get(id) ?? newTurn(id, 'AGENT');

/** Replaces a turn; the conversation's counts move by the difference. */
const withTurn = ({ conversation, turns }: ConversationState, turn: Turn): ConversationState => {
  const before = turns.get(turn.id);
  const old = before === undefined ? nothing : countsOf(before);
  const now = countsOf(turn);
  return {
    conversation: {
      ...conversation,
      turnCount: conversation.turnCount + now.turnCount - old.turnCount,
      interruptionCount: conversation.interruptionCount + now.interruptionCount - old.interruptionCount,
      failedTurnCount: conversation.failedTurnCount + now.failedTurnCount - old.failedTurnCount,
      agentSpeechMs: conversation.agentSpeechMs + now.agentSpeechMs - old.agentSpeechMs,
      customerWordCount: conversation.customerWordCount + now.customerWordCount - old.customerWordCount,
    },
    turns: new Map(turns).set(turn.id, turn),
  };
};

const nothing: Counts = {
  turnCount: 0,
  interruptionCount: 0,
  failedTurnCount: 0,
  agentSpeechMs: 0,
  customerWordCount: 0,
};
const countsOf = (turn: Turn): Counts => ({
  turnCount: 1,
  interruptionCount: turn.playedMs === null ? 0 : 1,
  failedTurnCount: turn.failed ? 1 : 0,
  agentSpeechMs: turn.role === 'AGENT' ? heardMs(turn) : 0,
  customerWordCount: turn.role === 'CUSTOMER' ? turn.wordCount : 0,
});

/**
 * What was heard of an agent's turn: all its audio, or of an interrupted turn as much as was played. A player cannot
 * have played more than was made; 0 made says that nobody has measured it (the reply was taken over by another process).
 */
const heardMs = ({ audioMs, playedMs }: Turn): number => {
  if (playedMs === null) return audioMs ?? 0;
  return audioMs === null || audioMs === 0 ? playedMs : Math.min(playedMs, audioMs);
};
