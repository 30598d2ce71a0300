import { keepWithParent } from '@parley/kernel/cacheDirectives';
import { cost } from '@parley/kernel/costDirectives';
import { conversionRate, talkRatio, wordsPerMinute } from '../domain/ratios.ts';
import { ConversationPhase, Outcome } from '../generated/prisma/client.ts';
import type { CountByName, LatencySummary as LatencyShape, Summary } from '../infrastructure/summaries.ts';
import { builder, type Types } from './builder.ts';

export const OutcomeEnum = builder.enumType(Outcome, { name: 'Outcome' });
export const PhaseEnum = builder.enumType(ConversationPhase, { name: 'ConversationPhase' });

const LatencySummary = builder.objectRef<LatencyShape>('LatencySummary').implement({
  directives: keepWithParent,
  description:
    'Percentiles in milliseconds, interpolated linearly between the closest ranks (of 100 and 200, p50 is 150).',
  fields: (t) => ({
    p50: t.exposeFloat('p50'),
    p95: t.exposeFloat('p95'),
    p99: t.exposeFloat('p99'),
    count: t.exposeInt('count', { description: 'how many turns were measured' }),
  }),
});
const NameCount = builder.objectRef<CountByName>('NameCount').implement({
  directives: { ...cost(0), ...keepWithParent },
  fields: (t) => ({ name: t.exposeString('name'), count: t.exposeInt('count') }),
});
const OutcomeCount = builder.objectRef<{ outcome: Outcome; count: number }>('OutcomeCount').implement({
  directives: { ...cost(0), ...keepWithParent },
  fields: (t) => ({ outcome: t.expose('outcome', { type: OutcomeEnum }), count: t.exposeInt('count') }),
});
const PhaseCount = builder.objectRef<{ phase: ConversationPhase; count: number }>('PhaseCount').implement({
  directives: { ...cost(0), ...keepWithParent },
  fields: (t) => ({
    phase: t.expose('phase', { type: PhaseEnum }),
    count: t.exposeInt('count', { description: 'conversations that have been in this phase' }),
  }),
});

/** Numbers follow the events they are made of by about a second; a dashboard that asks each second is answered from few readings. */
export const metricsAgeSeconds = 5;

type Fields = PothosSchemaTypes.ObjectFieldBuilder<Types, Summary>;

/** What can be said of one conversation as well as of many. */
export const summaryFields = (t: Fields) => ({
  turnCount: t.exposeInt('turnCount', { description: 'turns of both sides, failed replies included' }),
  talkRatio: t.float({
    nullable: true,
    description: `agent speech / all speech, 0..1. Agent speech is the audio made, of an interrupted turn what was played. A typed customer turn has no audio: its speech is estimated at ${wordsPerMinute} words a minute. Null while nobody has spoken.`,
    resolve: ({ agentSpeechMs, customerWordCount }) => talkRatio(agentSpeechMs, customerWordCount),
  }),
  interruptionCount: t.exposeInt('interruptionCount', { description: "agent's turns that the customer cut short" }),
  failedTurnCount: t.exposeInt('failedTurnCount', { description: 'replies that could not be made' }),
  sentiment: t.exposeFloat('sentiment', {
    nullable: true,
    description: "mean of the customer's turns, -1..1; null while none has been understood",
  }),
  timeToFirstTokenMs: t.field({
    type: LatencySummary,
    nullable: true,
    description: "from the customer's message to the first word of the reply; null when none was measured",
    resolve: (summary) => summary.timeToFirstTokenMs,
  }),
  timeToFirstAudioMs: t.field({
    type: LatencySummary,
    nullable: true,
    description: "from the customer's message to the first audio of the reply; null when none was measured",
    resolve: (summary) => summary.timeToFirstAudioMs,
  }),
  totalMs: t.field({
    type: LatencySummary,
    nullable: true,
    description: "from the customer's message to the whole text of the reply; null when none was measured",
    resolve: (summary) => summary.totalMs,
  }),
  intents: t.field({
    type: [NameCount],
    description: "what the customer's turns were understood as, most frequent first",
    resolve: (summary) => [...summary.intents],
  }),
  objections: t.field({
    type: [NameCount],
    description: "objections raised in the customer's turns, e.g. PRICE, most frequent first",
    resolve: (summary) => [...summary.objections],
  }),
});

/** What can be said of a group of conversations only. */
export const groupFields = (t: Fields) => ({
  ...summaryFields(t),
  conversationCount: t.exposeInt('conversations'),
  openConversationCount: t.int({ resolve: ({ conversations, ended }) => conversations - ended }),
  outcomes: t.field({
    type: [OutcomeCount],
    description: 'conversations that have ended, by outcome; every outcome is listed',
    resolve: ({ outcomes }) =>
      Object.values(Outcome).map((outcome) => ({ outcome, count: countOf(outcomes, outcome) })),
  }),
  phases: t.field({
    type: [PhaseCount],
    description: 'how far conversations got, in the order of the phases; every phase is listed',
    resolve: ({ phases }) =>
      Object.values(ConversationPhase).map((phase) => ({ phase, count: countOf(phases, phase) })),
  }),
  conversionRate: t.float({
    nullable: true,
    description: 'CONVERTED / all conversations that have ended, 0..1; null while none has',
    resolve: ({ converted, ended }) => conversionRate(converted, ended),
  }),
  averageTurns: t.float({ nullable: true, resolve: (summary) => perConversation(summary, summary.turnCount) }),
  averageInterruptions: t.float({
    nullable: true,
    resolve: (summary) => perConversation(summary, summary.interruptionCount),
  }),
  averageDurationMs: t.exposeFloat('meanDurationMs', {
    nullable: true,
    description: 'first to last event of the conversations that have ended; null while none has',
  }),
  asOf: t.field({
    type: 'DateTime',
    nullable: true,
    description: 'time of the newest event counted',
    resolve: ({ conversations, lastEventAt }) => (conversations === 0 ? null : lastEventAt),
  }),
});

const countOf = (counts: readonly CountByName[], name: string): number =>
  counts.find((entry) => entry.name === name)?.count ?? 0;
const perConversation = ({ conversations }: Summary, total: number): number | null =>
  conversations === 0 ? null : total / conversations;

/** The summary of no conversations. */
export const emptySummary: Summary = {
  key: '',
  conversations: 0,
  ended: 0,
  converted: 0,
  turnCount: 0,
  interruptionCount: 0,
  failedTurnCount: 0,
  agentSpeechMs: 0,
  customerWordCount: 0,
  meanDurationMs: null,
  firstStartedAt: new Date(0),
  lastEventAt: new Date(0),
  phasePath: [],
  version: 0,
  sentiment: null,
  timeToFirstTokenMs: null,
  timeToFirstAudioMs: null,
  totalMs: null,
  intents: [],
  objections: [],
  outcomes: [],
  phases: [],
};
