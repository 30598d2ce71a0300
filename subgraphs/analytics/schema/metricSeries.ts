import { badInput, scopes } from '@parley/kernel/builder';
import { keepFor, keepWithParent } from '@parley/kernel/cacheDirectives';
import { cost, listOf } from '@parley/kernel/costDirectives';
import { isUuid } from '@parley/kernel/database';
import { type Interval, intervalStarts, maxPoints, type Period } from '../domain/period.ts';
import { conversionRate, talkRatio } from '../domain/ratios.ts';
import { type LatencySummary, type Summary, summariseIntervals } from '../infrastructure/summaries.ts';
import { analystDatabase, builder } from './builder.ts';
import { periodOf } from './period.ts';
import { emptySummary, metricsAgeSeconds } from './summary.ts';

/** How a metric is read from the summary of an interval, and whether that needs the turns. */
type Reading = { readonly turns: boolean; readonly value: (summary: Summary) => number | null };
const fromConversations = (value: Reading['value']): Reading => ({ turns: false, value });
const fromTurns = (value: Reading['value']): Reading => ({ turns: true, value });
type Latency = 'timeToFirstTokenMs' | 'timeToFirstAudioMs' | 'totalMs';
const percentile = (latency: Latency, rank: keyof LatencySummary) =>
  fromTurns((summary) => summary[latency]?.[rank] ?? null);

const readings = {
  CONVERSATIONS: fromConversations(({ conversations }) => conversations),
  ENDED_CONVERSATIONS: fromConversations(({ ended }) => ended),
  CONVERSIONS: fromConversations(({ converted }) => converted),
  CONVERSION_RATE: fromConversations(({ converted, ended }) => conversionRate(converted, ended)),
  TURNS: fromConversations(({ turnCount }) => turnCount),
  FAILED_TURNS: fromConversations(({ failedTurnCount }) => failedTurnCount),
  INTERRUPTIONS: fromConversations(({ interruptionCount }) => interruptionCount),
  TALK_RATIO: fromConversations(({ agentSpeechMs, customerWordCount }) => talkRatio(agentSpeechMs, customerWordCount)),
  AVERAGE_DURATION_MS: fromConversations(({ meanDurationMs }) => meanDurationMs),
  SENTIMENT: fromTurns(({ sentiment }) => sentiment),
  TIME_TO_FIRST_TOKEN_P50: percentile('timeToFirstTokenMs', 'p50'),
  TIME_TO_FIRST_TOKEN_P95: percentile('timeToFirstTokenMs', 'p95'),
  TIME_TO_FIRST_TOKEN_P99: percentile('timeToFirstTokenMs', 'p99'),
  TIME_TO_FIRST_AUDIO_P50: percentile('timeToFirstAudioMs', 'p50'),
  TIME_TO_FIRST_AUDIO_P95: percentile('timeToFirstAudioMs', 'p95'),
  TIME_TO_FIRST_AUDIO_P99: percentile('timeToFirstAudioMs', 'p99'),
  TOTAL_P50: percentile('totalMs', 'p50'),
  TOTAL_P95: percentile('totalMs', 'p95'),
  TOTAL_P99: percentile('totalMs', 'p99'),
} satisfies Record<string, Reading>;
type Metric = keyof typeof readings;

const MetricEnum = builder.enumType('Metric', { values: Object.keys(readings) as [Metric, ...Metric[]] });
const IntervalEnum = builder.enumType('MetricInterval', { values: ['HOUR', 'DAY'] as const });

type Point = { at: Date; value: number | null };
const MetricPoint = builder.objectRef<Point>('MetricPoint').implement({
  // The series has paid for them.
  directives: { ...cost(0), ...keepWithParent },
  fields: (t) => ({
    at: t.expose('at', { type: 'DateTime', description: 'begin of the hour or day, UTC' }),
    value: t.exposeFloat('value', {
      nullable: true,
      description: 'a count of nothing is 0; a rate, mean or percentile of nothing is null',
    }),
  }),
});
const MetricSeries = builder
  .objectRef<{ metric: Metric; interval: Interval; points: Point[] }>('MetricSeries')
  .implement({
    fields: (t) => ({
      metric: t.expose('metric', { type: MetricEnum }),
      interval: t.expose('interval', { type: IntervalEnum }),
      points: t.field({
        type: [MetricPoint],
        directives: listOf(maxPoints),
        description: 'one for every hour or day that the period touches, oldest first',
        resolve: ({ points }) => points,
      }),
    }),
  });

builder.queryField('metricSeries', (t) =>
  t.field({
    type: MetricSeries,
    nullable: true,
    description: `One metric over time. A conversation, with all its turns, counts where it began, so the counts of a series add up to those of organizationMetrics. At most ${maxPoints} points.`,
    directives: { ...scopes('analytics:read'), ...cost(100), ...keepFor(metricsAgeSeconds) },
    args: {
      metric: t.arg({ type: MetricEnum, required: true }),
      from: t.arg({ type: 'DateTime', required: true }),
      to: t.arg({ type: 'DateTime', required: true }),
      interval: t.arg({ type: IntervalEnum, required: true }),
      agentId: t.arg.id({ description: "this agent's conversations only" }),
    },
    resolve: async (_root, { metric, interval, agentId, from, to }, context) => {
      const client = analystDatabase(context);
      const period = periodOf({ from, to }) as Period;
      const starts = intervalStarts(from, to, interval);
      if (starts === null) throw badInput(`A series has at most ${maxPoints} points.`);
      const { turns, value } = readings[metric];
      const found =
        agentId != null && !isUuid(agentId)
          ? []
          : await summariseIntervals(client, { period, interval, agentId: agentId ?? null, turns });
      const byStart = new Map(found.map((summary) => [summary.key, summary]));
      const points = starts.map((at) => ({ at, value: value(byStart.get(at.toISOString()) ?? emptySummary) }));
      return { metric, interval, points };
    },
  }),
);
