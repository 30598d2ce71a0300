import type { ConversationPhase } from '@parley/sales/events';
import type { Interval, Period } from '../domain/period.ts';
import { Prisma } from '../generated/prisma/client.ts';
import type { Client } from './database.ts';

/** Percentiles of a duration in milliseconds, by linear interpolation between the closest ranks. */
export type LatencySummary = {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly count: number;
};
export type CountByName = { readonly name: string; readonly count: number };
/** What a group of conversations adds up to. Durations are milliseconds. */
export type Summary = {
  /** the conversation, the agent or the begin of the interval that the group is about */
  readonly key: string;
  readonly conversations: number;
  readonly ended: number;
  readonly converted: number;
  readonly turnCount: number;
  readonly interruptionCount: number;
  readonly failedTurnCount: number;
  readonly agentSpeechMs: number;
  readonly customerWordCount: number;
  /** of those that have ended */
  readonly meanDurationMs: number | null;
  readonly firstStartedAt: Date;
  readonly lastEventAt: Date;
  /** of a group of one: each phase it has entered, in order */
  readonly phasePath: readonly ConversationPhase[];
  /** grows with every change */
  readonly version: number;
  readonly sentiment: number | null;
  readonly timeToFirstTokenMs: LatencySummary | null;
  readonly timeToFirstAudioMs: LatencySummary | null;
  readonly totalMs: LatencySummary | null;
  readonly intents: readonly CountByName[];
  readonly objections: readonly CountByName[];
  readonly outcomes: readonly CountByName[];
  /** conversations that have been in a phase at least once */
  readonly phases: readonly CountByName[];
};

/** The summary of each conversation; of a conversation nothing is known of, none. One statement. */
export const summariseConversations = (client: Client, ids: readonly string[]) =>
  summarise(client, Prisma.sql`c.id::text`, Prisma.sql`c.id = ANY(${[...ids]}::uuid[])`);

/** The summary of each agent that had a conversation in the period. One statement. */
export const summariseAgents = (client: Client, agentIds: readonly string[], period: Period) =>
  summarise(
    client,
    Prisma.sql`c.agent_id::text`,
    Prisma.sql`c.agent_id = ANY(${[...agentIds]}::uuid[]) AND ${within(period)}`,
  );

/** The summary of all conversations of the period; null when there is none. */
export const summariseAll = async (client: Client, period: Period): Promise<Summary | null> =>
  (await summarise(client, Prisma.sql`'all'`, within(period)))[0] ?? null;

/** The summary of each hour or day (UTC; the key is its begin in ISO 8601) in which a conversation of the period began. */
export const summariseIntervals = (
  client: Client,
  options: { period: Period; interval: Interval; agentId: string | null; turns: boolean },
) =>
  summarise(
    client,
    Prisma.sql`to_char(date_trunc(${options.interval}, c.started_at, 'UTC') AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS".000Z"')`,
    Prisma.sql`${within(options.period)} AND c.agent_id = coalesce(${options.agentId}::uuid, c.agent_id)`,
    options.turns,
  );

const within = ({ from, to }: Period) =>
  Prisma.sql`c.started_at >= coalesce(${from}::timestamptz, '-infinity') AND c.started_at < coalesce(${to}::timestamptz, 'infinity')`;

type Row = Omit<
  Summary,
  'timeToFirstTokenMs' | 'timeToFirstAudioMs' | 'totalMs' | 'intents' | 'objections' | 'outcomes' | 'phases'
> & {
  readonly [Name in 'token' | 'audio' | 'total']: readonly number[] | null;
} & { readonly [Name in 'tokenCount' | 'audioCount' | 'totalCount']: number | null } & {
  readonly [Name in 'intents' | 'objections' | 'outcomes' | 'phases']: readonly CountByName[] | null;
};

/**
 * Groups the conversations that `where` leaves by `key`. `turns` false leaves out what is read from turns (sentiment,
 * latencies, intents, objections): for many conversations that is nearly all the work.
 * percentile_cont is PostgreSQL's linear interpolation (type 7 of Hyndman and Fan 1996, NumPy's default).
 */
const summarise = async (client: Client, key: Prisma.Sql, where: Prisma.Sql, turns = true): Promise<Summary[]> => {
  const rows = await client.$queryRaw<Row[]>`
    WITH chosen AS MATERIALIZED (
      SELECT ${key} AS key, c.* FROM analytics.conversation c WHERE c.tenant_id = platform.tenant_id() AND ${where}
    ), said AS MATERIALIZED (
      SELECT chosen.key, t.* FROM chosen JOIN analytics.turn t ON t.tenant_id = chosen.tenant_id AND t.conversation_id = chosen.id
      WHERE ${turns}::boolean
    ), conversations AS (
      SELECT key, count(*)::int AS conversations, count(ended_at)::int AS ended,
        count(*) FILTER (WHERE outcome = 'CONVERTED')::int AS converted,
        sum(turn_count)::float8 AS "turnCount", sum(interruption_count)::float8 AS "interruptionCount",
        sum(failed_turn_count)::float8 AS "failedTurnCount", sum(agent_speech_ms)::float8 AS "agentSpeechMs",
        sum(customer_word_count)::float8 AS "customerWordCount",
        avg(extract(epoch FROM last_event_at - started_at) * 1000) FILTER (WHERE ended_at IS NOT NULL)::float8 AS "meanDurationMs",
        min(started_at) AS "firstStartedAt", max(last_event_at) AS "lastEventAt", min(phases)::text[] AS "phasePath", sum(version)::float8 AS version
      FROM chosen GROUP BY key
    ), turns AS (
      SELECT key, avg(sentiment::numeric)::float8 AS sentiment,
        percentile_cont(ARRAY[0.5, 0.95, 0.99]) WITHIN GROUP (ORDER BY time_to_first_token) AS token, count(time_to_first_token)::int AS "tokenCount",
        percentile_cont(ARRAY[0.5, 0.95, 0.99]) WITHIN GROUP (ORDER BY time_to_first_audio) AS audio, count(time_to_first_audio)::int AS "audioCount",
        percentile_cont(ARRAY[0.5, 0.95, 0.99]) WITHIN GROUP (ORDER BY total_ms) AS total, count(total_ms)::int AS "totalCount"
      FROM said GROUP BY key
    ), named AS (
      SELECT key, 'intent' AS kind, intent AS name, count(*) FROM said WHERE intent IS NOT NULL GROUP BY key, intent
      UNION ALL SELECT key, 'objection', objection, count(*) FROM said WHERE objection IS NOT NULL GROUP BY key, objection
      UNION ALL SELECT key, 'outcome', outcome::text, count(*) FROM chosen WHERE outcome IS NOT NULL GROUP BY key, outcome
      UNION ALL SELECT key, 'phase', phase::text, count(DISTINCT id) FROM chosen, unnest(phases) AS phase GROUP BY key, phase
    ), counts AS (
      SELECT key,
        jsonb_agg(jsonb_build_object('name', name, 'count', count) ORDER BY count DESC, name COLLATE "C") FILTER (WHERE kind = 'intent') AS intents,
        jsonb_agg(jsonb_build_object('name', name, 'count', count) ORDER BY count DESC, name COLLATE "C") FILTER (WHERE kind = 'objection') AS objections,
        jsonb_agg(jsonb_build_object('name', name, 'count', count)) FILTER (WHERE kind = 'outcome') AS outcomes,
        jsonb_agg(jsonb_build_object('name', name, 'count', count)) FILTER (WHERE kind = 'phase') AS phases
      FROM named GROUP BY key
    )
    SELECT * FROM conversations LEFT JOIN turns USING (key) LEFT JOIN counts USING (key)`;
  return rows.map(({ token, tokenCount, audio, audioCount, total, totalCount, ...row }) => ({
    ...row,
    timeToFirstTokenMs: latency(token, tokenCount),
    timeToFirstAudioMs: latency(audio, audioCount),
    totalMs: latency(total, totalCount),
    intents: row.intents ?? [],
    objections: row.objections ?? [],
    outcomes: row.outcomes ?? [],
    phases: row.phases ?? [],
  }));
};

/** Whole milliseconds interpolated at hundredths have at most two decimals; what floating point adds is cut off. */
const hundredths = (value: number): number => Math.round(value * 100) / 100;
const latency = (percentiles: readonly number[] | null, count: number | null): LatencySummary | null => {
  const [p50, p95, p99] = percentiles ?? [];
  if (!count || p50 === undefined || p95 === undefined || p99 === undefined) return null;
  return { p50: hundredths(p50), p95: hundredths(p95), p99: hundredths(p99), count };
};
